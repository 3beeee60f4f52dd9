// Code generated from package wire by go generate. DO NOT EDIT.

export const enum Wire {
  Root = "/_gorgon/",
  Assets = "/_gorgon/assets/",
  Fragment = "/_gorgon/fragment/",
  Page = "/_gorgon/page",
  Folder = "/_gorgon/folder",
  Suffix = ".json",
  Over = "ttl=-",
  Stale = "detail=stale",
  Form = "Gorgon-Form",
  Identity = "Gorgon-Identity",
  Key = "Idempotency-Key",
}
