// Passkeys of the starter members, in Chromium with a virtual authenticator.

package e2e_test

import (
	"testing"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// withPasskeys gives a browser an authenticator, as a laptop with a fingerprint
// reader has one.
func (g *member) withPasskeys() *member {
	g.t.Helper()
	g.Focus()
	if _, err := chromedp.Call(g.Context, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		g.t.Fatal(err)
	}
	_, err := chromedp.Call(g.Context, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		g.t.Fatal(err)
	}
	return g
}

// A member adds a passkey, signs out, and in again with it alone; a second device
// ends that session with all others, and the passkey still leads in. Once it is
// removed, it does not.
func TestSignInPasskey(t *testing.T) {
	c := openClub(t, "")
	laptop, phone := c.member(t, true).withPasskeys(), c.member(t, true)
	laptop.join("ada")
	laptop.visit("/account")
	laptop.Wait(`document.querySelector("[data-passkey=add]").hidden === false`)
	laptop.Click("[data-passkey=add]")
	laptop.Wait(`document.querySelectorAll("#passkeys ~ .rows li").length === 1`)
	laptop.picture("passkey-account")
	laptop.Click(".who form button")
	laptop.Wait(`document.querySelector("header .who").innerText.includes("Sign in")`)

	byPasskey := func(then string) {
		t.Helper()
		laptop.visit("/sign-in?next=/members")
		laptop.Wait(`document.querySelector("[data-passkey=sign-in]").hidden === false`)
		laptop.picture("passkey-sign-in")
		laptop.Click("[data-passkey=sign-in]")
		laptop.wants(then)
	}
	byPasskey("Hello, ada")

	phone.signIn("ada", stone, "Member since")
	phone.Wait(`document.querySelectorAll("#sessions ~ .rows li").length === 2`)
	phone.picture("second-device")
	phone.Click("#sessions ~ form button")
	phone.wants("All your other sessions were ended.")
	laptop.visit("/account")
	laptop.wants("Forgotten your password?")
	laptop.picture("after-revoke-all")
	byPasskey("Hello, ada")

	phone.visit("/account")
	phone.Click("#passkeys ~ .rows li button")
	phone.wants("The passkey was removed.")
	laptop.ClearCookies()
	laptop.visit("/sign-in")
	laptop.Click("[data-passkey=sign-in]")
	laptop.Wait(`document.querySelector("[data-passkey=sign-in] + [role=alert]")?.innerText.length > 0`)
}
