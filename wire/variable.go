// What a program says of a variable of its environment.

package wire

// A Variable is one that a program reads, as its command config lists it.
type Variable struct {
	Name     string `json:"name"`
	Type     string `json:"type,omitempty"`     // in words: "text", "whole number"
	Says     string `json:"says,omitempty"`     // what it is for
	Default  string `json:"default,omitempty"`  // what is used where it is not set
	Required bool   `json:"required,omitempty"` // the program does not start without it
	Secret   bool   `json:"secret,omitempty"`
	Set      bool   `json:"set"`              // by the environment or a file
	Source   string `json:"source,omitempty"` // where the value comes from; "" for none
	Value    string `json:"value,omitempty"`  // as it may be shown
	Fault    string `json:"fault,omitempty"`  // why the value cannot be used
}

// Sources of a variable's value.
const (
	FromEnvironment = "environment"
	FromDotenv      = ".env"
	FromFile        = "file" // that another variable names
	FromDefault     = "default"
)

// Dots stand for a secret wherever one is printed.
const Dots = "••••"
