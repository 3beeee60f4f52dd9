// The script in a browser, with a virtual authenticator.

package passkey_test

import (
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"

	"github.com/gorgon-go/gorgon/gorgontest"
	"github.com/gorgon-go/gorgon/testbed"
)

// A shown club is one that a browser shows, at localhost.
type shown struct {
	*club
	*testbed.Tab
	url           string
	authenticator webauthn.AuthenticatorID
	later         atomic.Int64 // how much the clock of sessions is ahead
}

func show(t *testing.T) *shown {
	t.Helper()
	server := httptest.NewUnstartedServer(nil)
	_, port, _ := strings.Cut(server.Listener.Addr().String(), ":")
	s := &shown{club: &club{t: t}, url: "http://localhost:" + port}
	now := func() time.Time { return time.Now().Add(time.Duration(s.later.Load())) }
	s.Site = gorgontest.Options{Lazy: true}.Open(t, s.app(options{origin: s.url, now: now}))
	server.Config.Handler = s.Site
	server.Start()
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })

	s.Tab = testbed.NewTab(t)
	s.Tab.Focus()
	if _, err := chromedp.Call(s.Context, webauthn.Enable, webauthn.EnableParams{}); err != nil {
		t.Fatal(err)
	}
	made, err := chromedp.Call(s.Context, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
		Protocol: "ctap2", Transport: "internal", HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true,
	}})
	if err != nil {
		t.Fatal(err)
	}
	s.authenticator = made.AuthenticatorID
	return s
}

// kept is how many passkeys the authenticator has.
func (s *shown) kept() int {
	s.t.Helper()
	got, err := chromedp.Call(s.Context, webauthn.GetCredentials, webauthn.GetCredentialsParams{AuthenticatorID: s.authenticator})
	if err != nil {
		s.t.Fatal(err)
	}
	return len(got.Credentials)
}

// posted is how many requests of the tab an endpoint got.
func (s *shown) posted(name string) (n int) {
	for _, r := range s.Requests() {
		if r.Method == "POST" && strings.HasSuffix(r.URL, "/passkeys/"+name) {
			n++
		}
	}
	return n
}

// added is a tab whose authenticator has a passkey of ada's, who has not signed
// in.
func added(t *testing.T) *shown {
	t.Helper()
	s := show(t)
	s.Tab.Open(s.url + "/enter")
	s.Wait(`!document.querySelector("#add").hidden`)
	s.Click("#add")
	s.Wait(`document.querySelector("h1").textContent === "[ada] 1"`)
	s.ClearCookies()
	s.Forget()
	return s
}

const alert = `document.querySelector("#in + [role=alert]").textContent`

func TestSignInPasskeyInBrowser(t *testing.T) {
	s := added(t)
	s.Tab.Open(s.url + "/")
	s.Click(`a[href="/sign-in"]`) // the script runs once, and the page comes later
	s.Wait(`document.querySelector("#in")?.hidden === false`)
	s.Run(`const b = document.querySelector("#in"); b.click(); b.click()`)
	s.Wait(`document.querySelector("h1").textContent === "[ada] 1" && location.pathname === "/members"`)
	if s.posted("ask") != 1 || s.posted("sign-in") != 1 {
		t.Errorf("two clicks asked %d times and signed in %d times, want once", s.posted("ask"), s.posted("sign-in"))
	}
	if list := must(s.keys.List(t.Context(), "ada")); len(list) != 1 || list[0].About != "Laptop" || list[0].Used.IsZero() {
		t.Errorf("the passkeys are %+v", list)
	}

	// The device has a passkey for the account.
	s.Wait(`document.querySelector("#add").hidden === false`)
	s.Click("#add")
	s.Wait(`document.querySelector("#add + [role=alert]").textContent === "This device has a passkey for this account."`)
	if n := s.kept(); n != 1 {
		t.Errorf("the authenticator has %d passkeys, want 1", n)
	}
	if said := s.Console(); len(said) > 0 {
		t.Errorf("the console says %q", said)
	}
}

func TestSignInPasskeyThatWasRemovedInBrowser(t *testing.T) {
	s := added(t)
	if err := s.keys.Remove(t.Context(), "ada", must(s.keys.List(t.Context(), "ada"))[0].Name); err != nil {
		t.Fatal(err)
	}
	s.Tab.Open(s.url + "/sign-in")
	s.Wait(`document.querySelector("#in").hidden === false`)
	s.Click("#in")
	s.Wait(alert + `.startsWith("This passkey is not known here")`)
	if n := s.kept(); n != 0 && testbed.Eval[bool](s.Tab, `"signalUnknownCredential" in PublicKeyCredential`) {
		t.Errorf("the authenticator offers %d passkeys that are not known any more", n)
	}
	if testbed.Eval[bool](s.Tab, `document.querySelector("#in").hasAttribute("aria-busy")`) {
		t.Error("the button stays busy")
	}
}

func TestSignInPasskeyIsCancelledInBrowser(t *testing.T) {
	s := added(t)
	s.Before(`navigator.credentials.get = async () => { throw new DOMException("", "NotAllowedError") }`)
	s.Tab.Open(s.url + "/sign-in")
	s.Wait(`document.querySelector("#in").hidden === false`)
	s.Click("#in")
	s.Wait(alert + ` === "Kein Passkey."`)
}

// Who signed in long ago is led to the sign-in page, in place of adding.
func TestAddingLaterInBrowser(t *testing.T) {
	s := show(t)
	s.Tab.Open(s.url + "/enter")
	s.Wait(`!document.querySelector("#add").hidden`)
	s.later.Store(int64(time.Hour))
	s.Click("#add")
	s.Wait(`location.search === "?again"`)
}

// Where the browser offers passkeys in an input, one request waits for that, and
// ends when the button is pressed.
func TestSignInPasskeyByAutofillInBrowser(t *testing.T) {
	s := added(t)
	s.Before(`
		window.begun = []; window.ended = 0; window.fill = null
		PublicKeyCredential.isConditionalMediationAvailable = async () => true
		const real = navigator.credentials.get.bind(navigator.credentials)
		navigator.credentials.get = (options) => {
			begun.push(options.mediation ?? "button")
			if (options.mediation !== "conditional") return real(options)
			return new Promise((yes, no) => {
				window.fill = () => yes(real({ publicKey: options.publicKey }))
				options.signal.addEventListener("abort", () => { ended++; no(new DOMException("", "AbortError")) })
			})
		}`)
	s.Tab.Open(s.url + "/fill")
	s.Wait(`begun.length === 1 && begun[0] === "conditional"`)
	s.Run(`fill()`)
	s.Wait(`document.querySelector("h1").textContent === "[ada] 1"`)

	s.ClearCookies()
	s.Tab.Open(s.url + "/fill?next=/members")
	s.Wait(`begun.length === 1`)
	s.Click("#in")
	s.Wait(`document.querySelector("h1").textContent === "[ada] 1"`)

	// The passkey is gone: it is said at the input, and offered again.
	s.ClearCookies()
	if err := s.keys.Remove(t.Context(), "ada", must(s.keys.List(t.Context(), "ada"))[0].Name); err != nil {
		t.Fatal(err)
	}
	s.Tab.Open(s.url + "/fill")
	s.Wait(`begun.length === 1`)
	s.Run(`fill()`)
	s.Wait(`document.querySelector("#name + [role=alert]").textContent.startsWith("This passkey is not known") && begun.length === 2`)
	s.Click("#in")
	s.Wait(`ended === 1 && begun[2] === "button"`)
}
