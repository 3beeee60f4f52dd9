// Package config reads an app's own configuration from the environment into a
// struct.
//
//	type Shop struct {
//		StripeKey config.Secret `env:"STRIPE_KEY,required" doc:"the key of the account"`
//		MaxItems  int           `env:"MAX_ITEMS" default:"20" doc:"how many items an order has at most"`
//		Origin    *url.URL      `env:"ORIGIN"`
//		Mail      struct {
//			Host string `env:"HOST" default:"localhost"`
//		} `env:"MAIL"`
//	}
//
//	var Conf = config.Define[Shop]("SHOP_")
//
// The variables are SHOP_STRIPE_KEY, SHOP_MAX_ITEMS, SHOP_ORIGIN and
// SHOP_MAIL_HOST. [Define] reads nothing: a program can describe itself without
// any environment. [Definition.Get] reads all of them, once, when it is first
// called. With Conf in command.Config.Settings, the program reads them before
// it serves, builds, exports, migrates or maintains, and does not start with a
// fault.
//
// # Fields
//
// The tag env is the rest of the variable's name, and may have the word
// required. Without a name it is made of the field's: MaxItems is MAX_ITEMS. A
// field with env:"-" is not read. The tag default is the value where nothing is
// set, and doc says what the variable is for.
//
// A field may be a string, a bool, a number, a [time.Duration] such as 1m30s, a
// [time.Time] as in RFC 3339, a *[url.URL], a [Secret], any type that implements
// [encoding.TextUnmarshaler], a slice of these, whose values are separated by
// commas, or a pointer to one, which is nil where nothing is set. The fields of
// a struct have the struct's name before theirs; those of an embedded struct
// have not.
//
// A type of strings with a method Values() []T takes those values alone. If the
// struct, or a pointer to it, has a method Validate() error, it is called once
// all fields are read; its message is shown, so it must not contain a value
// that is secret.
//
// # Faults
//
// All faults are reported at once as [Faults]. Each names its variable and says
// how a value is written; no value is ever part of a message. A variable that
// begins with the prefix and belongs to no field is a fault too, with the
// nearest name as a hint: a typing error does not become a default. Only what
// Kubernetes itself sets for services in a pod is ignored.
//
// A variable that is empty counts as one that is not set.
//
// # Secrets
//
// A [Secret] prints as dots, everywhere. Its value can also be in a file that
// the variable with _FILE at its end names, as Docker and Kubernetes mount
// secrets: SHOP_STRIPE_KEY_FILE=/run/secrets/stripe. Line ends at the end of the
// file are not part of the secret.
package config
