#!/bin/sh
# shellcheck disable=SC2016 # a dollar sign in a name or a URL means itself
# Uploads {{.App}} to a bucket of S3, or of a service that speaks its protocol:
#
#   upload.sh BUCKET [OPTION OF aws s3]...     as in: upload.sh example.com --dryrun
#
# Assets come first, then other files, then pages, then redirects; what is gone
# from the site is deleted last, but for assets, which older pages still need.
# manifest.json says what the bucket then holds.
set -eu

if [ $# -lt 1 ]; then
	printf 'usage: upload.sh BUCKET [OPTION OF aws s3]...\n' >&2
	exit 2
fi
bucket=s3://$1
shift
site=$(CDPATH='' cd -- "$(dirname -- "$0")/../site" && pwd)
command -v aws >/dev/null || {
	printf 'upload.sh: there is no aws command: install the AWS CLI\n' >&2
	exit 1
}
{{range .Batches}}
aws s3 {{.Verb}} "$site" "$bucket" "$@" \
	--content-type {{shell .ContentType}} --cache-control {{shell .CacheControl}} \
	--exclude '*'{{range .Patterns}} {{if or (eq . "--include") (eq . "--exclude")}}{{.}}{{else}}{{shell .}}{{end}}{{end}}
{{end}}
{{- range .Redirects}}
printf '' | aws s3 cp - "$bucket/"{{shell .Key}} "$@" \
	--website-redirect {{shell .Redirect}} --cache-control {{shell .CacheControl}}
{{end}}
# What is left to do is to delete: by size all that is here is there.
aws s3 sync "$site" "$bucket" "$@" --delete --size-only \
	{{range $i, $spared := .Spared}}{{if $i}} {{end}}--exclude {{shell .}}{{end}}
