// Which proxies are believed, and what they say of the visitor.

package listen

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"strings"
)

// ParseProxies reads a list of networks with commas: "10.0.0.0/8, ::1". An
// address alone is itself. It is for Server.TrustedProxies.
func ParseProxies(list string) ([]netip.Prefix, error) {
	var proxies []netip.Prefix
	for part := range strings.SplitSeq(list, ",") {
		if part = strings.TrimSpace(part); part == "" {
			continue
		}
		network, err := netip.ParsePrefix(part)
		if addr, e := netip.ParseAddr(part); e == nil && addr.Zone() == "" {
			network, err = netip.PrefixFrom(addr, addr.BitLen()), nil
		}
		if err != nil {
			return nil, fmt.Errorf("trust %s: not a network (write networks as 10.0.0.0/8 or 2001:db8::/32)", part)
		}
		if addr := network.Addr(); addr.Is4In6() && network.Bits() >= 96 {
			network = netip.PrefixFrom(addr.Unmap(), network.Bits()-96)
		}
		proxies = append(proxies, network.Masked())
	}
	return proxies, nil
}

// proxies are the networks whose word is taken.
type proxies []netip.Prefix

func (p proxies) trust(a netip.Addr) bool {
	a = a.Unmap()
	for _, network := range p {
		if network.Contains(a) {
			return true
		}
	}
	return false
}

// behind lets the handler see visitors in place of the proxies they come
// through. What anyone else sends in the headers of proxies is left in place
// for the handler, and not believed here.
func (p proxies) behind(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if peer := Client(r); peer.IsValid() && p.trust(peer) {
			r = p.believed(r, peer)
		}
		next.ServeHTTP(w, r)
	})
}

// believed is the request as the trusted peer says the visitor made it.
func (p proxies) believed(r *http.Request, peer netip.Addr) *http.Request {
	said := new(forwarded)
	r = r.WithContext(context.WithValue(r.Context(), forwardedKey{}, said)) // a copy: its RemoteAddr may change
	if id := r.Header.Get("X-Request-Id"); isRequestID(id) {
		said.id = id
	}
	v, ok := p.visitor(r.Header, peer)
	if !ok {
		return r
	}
	said.scheme = v.scheme
	if v.addr != peer {
		r.RemoteAddr = netip.AddrPortFrom(v.addr, v.port).String()
	}
	return r
}

// A visitor is where a request comes from, as proxies say.
type visitor struct {
	addr   netip.Addr
	port   uint16 // 0 where it is not said
	scheme string // "" where it is not said
}

// visitor finds who it was that the outermost trusted proxy heard. There are
// two ways to say it. A proxy sets one and may pass on the other as the
// visitor sent it, so where the two differ they are not believed: a visitor
// can then hide behind the proxy, and pass for no other visitor.
func (p proxies) visitor(header http.Header, peer netip.Addr) (visitor, bool) {
	modern, classic := p.modern(header, peer), p.classic(header, peer)
	switch {
	case len(header["Forwarded"]) == 0:
		return classic, true
	case len(header["X-Forwarded-For"]) == 0 && len(header["X-Forwarded-Proto"]) == 0:
		return modern, true
	}
	if modern.scheme != classic.scheme {
		modern.scheme = ""
	}
	return modern, modern.addr == classic.addr
}

// classic follows X-Forwarded-For from its right end, which the nearest proxy
// wrote, to the first address that is not a proxy's own. What is malformed
// ends the way: the proxy that wrote it is the last that is known.
func (p proxies) classic(header http.Header, peer netip.Addr) visitor {
	v := visitor{addr: peer}
	list := strings.Join(header["X-Forwarded-For"], ",")
	hop := -1 // the element of v, counted from the right
	for rest, more := list, list != ""; more; hop++ {
		var element string
		rest, element, more = lastElement(rest)
		at, ok := parseNode(element)
		if !ok {
			break
		}
		v.addr, v.port = at.Addr(), at.Port()
		if !p.trust(v.addr) {
			hop++
			break
		}
	}
	// Of several schemes it is the one in the visitor's place, where there is
	// one for each proxy, and otherwise that of the nearest.
	schemes := strings.Join(header["X-Forwarded-Proto"], ",")
	if strings.Count(schemes, ",") != strings.Count(list, ",") {
		hop = 0
	}
	for more := schemes != ""; more; hop-- {
		schemes, v.scheme, more = lastElement(schemes)
		if hop <= 0 {
			break
		}
	}
	v.scheme = knownScheme(v.scheme)
	return v
}

// modern follows Forwarded (RFC 7239) in the same way.
func (p proxies) modern(header http.Header, peer netip.Addr) visitor {
	v := visitor{addr: peer}
	rest := strings.Join(header["Forwarded"], ",")
	for more := rest != ""; more; {
		var element string
		rest, element, more = lastElement(rest)
		node, scheme := "", ""
		for pair := range strings.SplitSeq(element, ";") {
			name, value, _ := strings.Cut(pair, "=")
			switch strings.ToLower(strings.TrimSpace(name)) {
			case "for":
				node = value
			case "proto":
				scheme = strings.Trim(strings.TrimSpace(value), `"`)
			}
		}
		at, ok := parseNode(node)
		if !ok {
			break
		}
		v = visitor{at.Addr(), at.Port(), knownScheme(scheme)}
		if !p.trust(v.addr) {
			break
		}
	}
	return v
}

// lastElement splits off the last element of a list. It reads from the right,
// so that a quote which a visitor left open cannot swallow what a proxy wrote
// after it.
func lastElement(list string) (rest, element string, more bool) {
	quoted := false
	for i := len(list) - 1; i >= 0; i-- {
		switch list[i] {
		case '"':
			quoted = !quoted
		case ',':
			if !quoted {
				return list[:i], strings.TrimSpace(list[i+1:]), true
			}
		}
	}
	return "", strings.TrimSpace(list), false
}

// parseNode reads an address with or without a port and quotes. Names such as
// "unknown" are none, and neither are zones, which mean nothing elsewhere.
func parseNode(s string) (netip.AddrPort, bool) {
	s = strings.TrimSpace(s)
	if n := len(s); n >= 2 && s[0] == '"' && s[n-1] == '"' {
		s = s[1 : n-1]
	}
	at, err := netip.ParseAddrPort(s)
	if err != nil {
		bare := s
		if n := len(s); n >= 2 && s[0] == '[' && s[n-1] == ']' {
			bare = s[1 : n-1]
		}
		addr, err := netip.ParseAddr(bare)
		if err != nil {
			return at, false
		}
		at = netip.AddrPortFrom(addr, 0)
	}
	at = netip.AddrPortFrom(at.Addr().Unmap(), at.Port())
	return at, at.Addr().Zone() == ""
}

func knownScheme(s string) string {
	switch s = strings.ToLower(s); s {
	case "http", "https":
		return s
	}
	return ""
}

// isRequestID says whether what a proxy names a request can stand in a log.
func isRequestID(id string) bool {
	if id == "" || len(id) > 128 {
		return false
	}
	for _, c := range []byte(id) {
		switch {
		case c >= '0' && c <= '9', c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z':
		case c == '-' || c == '_' || c == '.' || c == ':' || c == '/' || c == '+' || c == '=':
		default:
			return false
		}
	}
	return true
}
