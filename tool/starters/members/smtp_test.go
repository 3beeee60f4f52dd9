// Mail by SMTP.

package main

import (
	"bufio"
	"encoding/base64"
	"io"
	"mime"
	"net"
	"net/mail"
	"strings"
	"testing"
)

// A mail arrives as it was written, in any language.
func TestSMTP(t *testing.T) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	received := make(chan string, 1)
	go func() {
		connection, err := listener.Accept()
		if err != nil {
			return
		}
		defer connection.Close()
		lines := bufio.NewReader(connection)
		say := func(line string) { _, _ = io.WriteString(connection, line+"\r\n") }
		say("220 test")
		for {
			line, err := lines.ReadString('\n')
			switch command := strings.ToUpper(line); {
			case err != nil:
				return
			case strings.HasPrefix(command, "DATA"):
				say("354 go on")
				var text strings.Builder
				for {
					line, err := lines.ReadString('\n')
					if err != nil || line == ".\r\n" {
						break
					}
					text.WriteString(line)
				}
				received <- text.String()
				say("250 taken")
			case strings.HasPrefix(command, "QUIT"):
				say("221 bye")
				return
			default:
				say("250 ok")
			}
		}
	}()
	t.Setenv("MAIL_FROM", "club@example.com")
	const text = "أهلاً بك!\n.\nEine Zeile, die lang genug ist, damit sie in base64 auf mehr als eine Zeile kommt."
	if err := smtpMail("smtp://"+listener.Addr().String())(t.Context(), "ada@example.com", "Bestätigen Sie Ihre Adresse", text); err != nil {
		t.Fatal(err)
	}
	m, err := mail.ReadMessage(strings.NewReader(<-received))
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(base64.NewDecoder(base64.StdEncoding, m.Body))
	if err != nil || string(body) != text {
		t.Errorf("the text is %q, %v", body, err)
	}
	subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
	if err != nil || subject != "Bestätigen Sie Ihre Adresse" || m.Header.Get("To") != "ada@example.com" || m.Header.Get("From") != "club@example.com" {
		t.Errorf("the header is %v", m.Header)
	}
}
