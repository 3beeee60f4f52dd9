// Sending mail by SMTP.

package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base64"
	"errors"
	"fmt"
	"mime"
	"net"
	"net/smtp"
	"net/url"
	"os"
	"strings"
	"time"
)

// smtpMail sends mails by the server of a URL: smtp with STARTTLS, which a server
// on this machine need not have, and smtps with TLS from the beginning. MAIL_FROM is the sender.
func smtpMail(server string) Mail {
	return func(ctx context.Context, to, subject, text string) error {
		u, err := url.Parse(server)
		if err != nil {
			return fmt.Errorf("SMTP_URL cannot be read: write it as smtp://user:password@host:587")
		}
		from := cmp.Or(os.Getenv("MAIL_FROM"), "no-reply@"+u.Hostname())
		ctx, cancel := context.WithTimeout(ctx, 20*time.Second)
		defer cancel()
		return deliver(ctx, u, from, to, letter(from, to, subject, text))
	}
}

func deliver(ctx context.Context, server *url.URL, from, to string, letter []byte) error {
	secure := &tls.Config{ServerName: server.Hostname()}
	connection, err := new(net.Dialer).DialContext(ctx, "tcp", net.JoinHostPort(server.Hostname(), cmp.Or(server.Port(), "587")))
	if err != nil {
		return err
	}
	defer connection.Close()
	if deadline, ok := ctx.Deadline(); ok {
		_ = connection.SetDeadline(deadline)
	}
	if server.Scheme == "smtps" {
		connection = tls.Client(connection, secure)
	}
	client, err := smtp.NewClient(connection, server.Hostname())
	if err != nil {
		return err
	}
	has, _ := client.Extension("STARTTLS")
	switch peer, _ := connection.RemoteAddr().(*net.TCPAddr); {
	case server.Scheme == "smtps":
	case has:
		if err := client.StartTLS(secure); err != nil {
			return err
		}
	case peer == nil || !peer.IP.IsLoopback():
		return errors.New("the mail server has no TLS, and the links in mails are as good as passwords: use another port, or smtps://")
	}
	if server.User != nil {
		word, _ := server.User.Password()
		if err := client.Auth(smtp.PlainAuth("", server.User.Username(), word, server.Hostname())); err != nil {
			return err // also where the connection is not private
		}
	}
	if err := client.Mail(from); err != nil {
		return err
	}
	if err := client.Rcpt(to); err != nil {
		return err
	}
	w, err := client.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(letter); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	return client.Quit()
}

// letter is a mail of plain text, in base64, so that no line of it is special.
func letter(from, to, subject, text string) []byte {
	var b bytes.Buffer
	for _, h := range [][2]string{
		{"From", from}, {"To", to}, {"Subject", mime.QEncoding.Encode("utf-8", subject)}, {"Date", time.Now().Format(time.RFC1123Z)},
		{"Message-ID", "<" + rand.Text() + "@" + from[strings.LastIndexByte(from, '@')+1:] + ">"}, {"MIME-Version", "1.0"},
		{"Content-Type", "text/plain; charset=utf-8"}, {"Content-Transfer-Encoding", "base64"}, {"Auto-Submitted", "auto-generated"},
	} {
		b.WriteString(h[0] + ": " + h[1] + "\r\n")
	}
	coded := base64.StdEncoding.EncodeToString([]byte(text))
	for len(coded) > 76 {
		b.WriteString("\r\n" + coded[:76])
		coded = coded[76:]
	}
	b.WriteString("\r\n" + coded + "\r\n")
	return b.Bytes()
}
