// Describing the checks of texts in a schema.

package shape

func (n *Node) describeLength(s map[string]any, least, most string) {
	if n.MinLen > 0 {
		s[least] = n.MinLen
	}
	if n.MaxLen >= 0 {
		s[most] = n.MaxLen
	}
}

func (n *Node) describeText(s map[string]any) {
	s["type"] = "string"
	n.describeLength(s, "minLength", "maxLength")
	pattern := n.Pattern
	switch n.Format {
	case "email":
		pattern = emailPattern
		if n.MaxLen < 0 || n.MaxLen > maxEmail {
			s["maxLength"] = maxEmail
		}
	case "url":
		pattern = urlPattern
	}
	if pattern != "" {
		s["pattern"] = pattern
	}
	if n.Format != "" && n.Pattern != "" {
		s["allOf"] = []any{map[string]any{"pattern": n.Pattern}}
	}
}

// describeBytes says in characters of base64 how many bytes there may be. At
// the last group of four, its padding decides.
func (n *Node) describeBytes(s map[string]any) {
	s["type"], s["contentEncoding"], s["pattern"] = "string", "base64", bytesPattern
	var also []any
	end := func(other string, length int, pattern string) {
		also = append(also, map[string]any{"anyOf": []any{map[string]any{other: length}, map[string]any{"pattern": pattern}}})
	}
	if n.MinLen > 0 {
		least := (n.MinLen + 2) / 3 * 4
		s["minLength"] = least
		switch n.MinLen % 3 {
		case 0:
			end("minLength", least+4, "[^=]$")
		case 2:
			end("minLength", least+4, "[^=]=?$")
		}
	}
	if n.MaxLen >= 0 {
		most := (n.MaxLen + 2) / 3 * 4
		s["maxLength"] = most
		switch n.MaxLen % 3 {
		case 1:
			end("maxLength", most-4, "==$")
		case 2:
			end("maxLength", most-4, "=$")
		}
	}
	if also != nil {
		s["allOf"] = also
	}
}
