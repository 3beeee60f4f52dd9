// Which passwords are accepted: long ones, that are not the first to be guessed.

package main

import (
	"context"
	_ "embed"
	"strings"
	"unicode"
)

// common has words that the passwords guessed first are made of, one a line.
//
//go:embed common.txt
var common string

var commonWords = func() map[string]bool {
	words := map[string]bool{}
	for word := range strings.FieldsSeq(common) {
		words[word] = true
	}
	return words
}()

// guessed says whether a password is among the first that are tried: a common
// word, alone, repeated, or with digits and signs around it; few characters over
// and over; the address itself.
func guessed(given, email string) bool {
	p := strings.ToLower(strings.TrimSpace(given))
	local, _, _ := strings.Cut(email, "@")
	if p == email || p == local || commonWords[p] || len(distinct(p)) < 4 {
		return true
	}
	core := strings.TrimFunc(p, func(r rune) bool { return !unicode.IsLetter(r) })
	if core == "" || commonWords[core] || core == local && local != "" {
		return len([]rune(p))-len([]rune(core)) < 8 || strings.Contains(digits, onlyDigits(p))
	}
	for n := 1; n <= len(core)/2; n++ {
		if strings.Repeat(core[:n], len(core)/n) == core && (n < 4 || commonWords[core[:n]]) {
			return true
		}
	}
	return false
}

func distinct(s string) map[rune]bool {
	found := map[rune]bool{}
	for _, r := range s {
		found[r] = true
	}
	return found
}

// digits are those that are typed in a row.
const digits = "01234567890123456789 98765432109876543210"

func onlyDigits(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsDigit(r) {
			return r
		}
		return -1
	}, s)
}

// accept refuses a new password that is too easy to guess, at the form's field
// "password".
func accept(ctx context.Context, given, email string) error {
	if guessed(given, email) {
		return refuse(ctx, "/password", "errors.common")
	}
	return nil
}

// hash hashes a new password.
func (c *club) hash(ctx context.Context, given string) (string, error) {
	hash, err := c.passwords.Hash(ctx, given)
	return hash, busy(ctx, err)
}
