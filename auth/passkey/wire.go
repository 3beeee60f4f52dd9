// What travels between browser and app, as WebAuthn writes it in JSON.

package passkey

import (
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
)

// requestOptions are PublicKeyCredentialRequestOptionsJSON.
type requestOptions struct {
	Challenge        string `json:"challenge"`
	Timeout          int    `json:"timeout"`
	RPID             string `json:"rpId"`
	UserVerification string `json:"userVerification"`
}

// creationOptions are PublicKeyCredentialCreationOptionsJSON.
type creationOptions struct {
	RP                     relyingParty `json:"rp"`
	User                   owner        `json:"user"`
	Challenge              string       `json:"challenge"`
	Parameters             []parameter  `json:"pubKeyCredParams"`
	Timeout                int          `json:"timeout"`
	Exclude                []descriptor `json:"excludeCredentials"`
	AuthenticatorSelection selection    `json:"authenticatorSelection"`
	Attestation            string       `json:"attestation"`
}

type relyingParty struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type owner struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type parameter struct {
	Type      string `json:"type"`
	Algorithm int    `json:"alg"`
}

type descriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

type selection struct {
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification"`
}

// An assertion is what an authenticator answers to a sign-in.
type assertion struct {
	ID       string   `json:"id" check:"min=1,max=2000"`
	Type     string   `json:"type"`
	Response asserted `json:"response"`
	Next     string   `json:"next,omitempty" check:"max=2000"`
}

type asserted struct {
	ClientData        string `json:"clientDataJSON"`
	AuthenticatorData string `json:"authenticatorData"`
	Signature         string `json:"signature"`
	UserHandle        string `json:"userHandle,omitempty"`
}

// An attestation is what an authenticator answers that has made a passkey.
type attestation struct {
	ID       string   `json:"id" check:"min=1,max=2000"`
	Type     string   `json:"type"`
	Response attested `json:"response"`
	About    string   `json:"about,omitempty" check:"max=200"`
}

type attested struct {
	ClientData  string   `json:"clientDataJSON"`
	Attestation string   `json:"attestationObject"`
	Transports  []string `json:"transports,omitempty" check:"max=20,each.max=40"`
}

// arrived says where a browser goes that has signed in.
type arrived struct {
	Then string `json:"then"` // a path with base path and locale
}

// parse reads the answer to a sign-in by the library.
func (a assertion) parse() (*protocol.ParsedCredentialAssertionData, error) {
	text, err := json.Marshal(map[string]any{"id": a.ID, "rawId": a.ID, "type": a.Type, "response": a.Response})
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialRequestResponseBytes(text)
}

// parse reads a new passkey by the library.
func (a attestation) parse() (*protocol.ParsedCredentialCreationData, error) {
	text, err := json.Marshal(map[string]any{"id": a.ID, "rawId": a.ID, "type": a.Type, "response": a.Response})
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialCreationResponseBytes(text)
}

// as converts what the library made into what is sent.
func as[T any](from any) (to T, err error) {
	text, err := json.Marshal(from)
	if err != nil {
		return to, err
	}
	return to, json.Unmarshal(text, &to)
}
