// What is wrong with a field of an input, in each language.

package i18n

import (
	"context"
	"strconv"

	"github.com/gorgon-go/gorgon"
)

// FieldDetail is for gorgon.App.FieldDetail: it returns the message
// "field.CODE" for a field that was refused by the rule CODE, with the argument
// limit, and the field's own Detail if there is no such message. The codes are
// listed in package shape:
//
//	"field.required": "Bitte ausfüllen.",
//	"field.minLength": "Mindestens {limit} Zeichen."
func (m *Messages) FieldDetail(ctx context.Context, f gorgon.Field) string {
	if f.Code == "" {
		return f.Detail
	}
	key, args := "field."+f.Code, Args{}
	if _, found, err := m.find(gorgon.LocaleOf(ctx), key); err == nil {
		if _, wanted := found.arguments["limit"]; wanted {
			args["limit"] = f.Limit
			if n, err := strconv.Atoi(f.Limit); err == nil {
				args["limit"] = n // so that it may have a plural
			}
		}
	}
	text, err := m.Text(ctx, key, args)
	if err != nil {
		return f.Detail
	}
	return text
}
