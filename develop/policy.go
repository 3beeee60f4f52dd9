// Content security policies that the development server's own script passes.

package develop

import (
	"crypto/rand"
	"net/http"
	"strings"
)

// permit changes the policies of an answer so that the client's script runs
// and connects, and returns the nonce that its element needs; "" for none.
func permit(header http.Header) (nonce string) {
	policies := header["Content-Security-Policy"]
	for i, policy := range policies {
		if nonce == "" {
			nonce = rand.Text()
		}
		policies[i] = permitted(policy, nonce)
	}
	return nonce
}

func permitted(policy, nonce string) string {
	var directives []string
	sources := map[string]string{}
	for part := range strings.SplitSeq(policy, ";") {
		name, values, _ := strings.Cut(strings.TrimSpace(part), " ")
		if name == "" {
			continue
		}
		name = strings.ToLower(name)
		directives = append(directives, name)
		sources[name] = strings.TrimSpace(values)
	}
	for _, name := range []string{"script-src-elem", "script-src", "connect-src"} {
		from, given := sources[name]
		if !given {
			if name == "script-src-elem" {
				continue // script-src speaks for it
			}
			if from, given = sources["default-src"]; !given {
				continue // all is permitted
			}
			directives = append(directives, name)
		}
		more := "'self'"
		// With a nonce 'unsafe-inline' would count no more, and with
		// 'strict-dynamic' nothing but a nonce or a digest counts.
		if name != "connect-src" && !strings.Contains(from, "'unsafe-inline'") {
			more += " 'nonce-" + nonce + "'"
		}
		sources[name] = strings.TrimSpace(strings.ReplaceAll(from, "'none'", "") + " " + more)
	}
	for i, name := range directives {
		directives[i] = strings.TrimSpace(name + " " + sources[name])
	}
	return strings.Join(directives, "; ")
}
