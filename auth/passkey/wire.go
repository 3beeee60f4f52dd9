// What travels between browser and app, as WebAuthn writes it in JSON. The types
// are named for descriptions and generated clients, which have those of the app
// as well.

package passkey

import (
	"encoding/json"

	"github.com/go-webauthn/webauthn/protocol"
)

// passkeyRequest is PublicKeyCredentialRequestOptionsJSON.
type passkeyRequest struct {
	Challenge        string `json:"challenge"`
	Timeout          int    `json:"timeout"`
	RPID             string `json:"rpId"`
	UserVerification string `json:"userVerification"`
}

// passkeyCreation is PublicKeyCredentialCreationOptionsJSON.
type passkeyCreation struct {
	RP                     passkeyParty        `json:"rp"`
	User                   passkeyOwner        `json:"user"`
	Challenge              string              `json:"challenge"`
	Parameters             []passkeyAlgorithm  `json:"pubKeyCredParams"`
	Timeout                int                 `json:"timeout"`
	Exclude                []passkeyDescriptor `json:"excludeCredentials"`
	AuthenticatorSelection passkeySelection    `json:"authenticatorSelection"`
	Attestation            string              `json:"attestation"`
}

type passkeyParty struct {
	ID   string `json:"id"`
	Name string `json:"name"`
}

type passkeyOwner struct {
	ID          string `json:"id"`
	Name        string `json:"name"`
	DisplayName string `json:"displayName"`
}

type passkeyAlgorithm struct {
	Type      string `json:"type"`
	Algorithm int    `json:"alg"`
}

type passkeyDescriptor struct {
	Type       string   `json:"type"`
	ID         string   `json:"id"`
	Transports []string `json:"transports,omitempty"`
}

type passkeySelection struct {
	ResidentKey        string `json:"residentKey"`
	RequireResidentKey bool   `json:"requireResidentKey"`
	UserVerification   string `json:"userVerification"`
}

// A passkeyAssertion is what an authenticator answers to a sign-in.
type passkeyAssertion struct {
	ID       string          `json:"id" check:"min=1,max=2000"`
	Type     string          `json:"type"`
	Response passkeyAsserted `json:"response"`
	Next     string          `json:"next,omitempty" check:"max=2000"`
}

type passkeyAsserted struct {
	ClientData        string `json:"clientDataJSON"`
	AuthenticatorData string `json:"authenticatorData"`
	Signature         string `json:"signature"`
	UserHandle        string `json:"userHandle,omitempty"`
}

// A passkeyAttestation is what an authenticator answers that has made a passkey.
type passkeyAttestation struct {
	ID       string          `json:"id" check:"min=1,max=2000"`
	Type     string          `json:"type"`
	Response passkeyAttested `json:"response"`
	About    string          `json:"about,omitempty" check:"max=200"`
}

type passkeyAttested struct {
	ClientData  string   `json:"clientDataJSON"`
	Attestation string   `json:"attestationObject"`
	Transports  []string `json:"transports,omitempty" check:"max=20,each.max=40"`
}

// passkeyArrived says where a browser goes that has signed in.
type passkeyArrived struct {
	Then string `json:"then"` // a path with base path and locale
}

// parse reads the answer to a sign-in by the library.
func (a passkeyAssertion) parse() (*protocol.ParsedCredentialAssertionData, error) {
	text, err := json.Marshal(map[string]any{"id": a.ID, "rawId": a.ID, "type": a.Type, "response": a.Response})
	if err != nil {
		return nil, err
	}
	return protocol.ParseCredentialRequestResponseBytes(text)
}

// parse reads a new passkey by the library.
func (a passkeyAttestation) parse() (*protocol.ParsedCredentialCreationData, error) {
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
