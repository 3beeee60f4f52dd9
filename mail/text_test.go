// Plain text from views.

package mail_test

import (
	"strings"
	"testing"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/mail"
)

func TestTextOf(t *testing.T) {
	for view, want := range map[string]string{
		"":                         "\n",
		"<p>One</p><p>Two</p>":     "One\n\nTwo\n",
		"One\n  <b>two</b>\tthree": "One two three\n",
		"a<br>b<br><br>c":          "a\nb\n\nc\n",
		"<div>a</div><div>b</div><div><div>c</div></div>":                                 "a\nb\nc\n",
		"<h1>Title</h1>text<hr>more":                                                      "Title\n\ntext\n\n---\n\nmore\n",
		`<a href="https://x.example/a?b=1&amp;c=2">here</a>!`:                             "here (https://x.example/a?b=1&c=2)!\n",
		`<a href="https://x.example/">https://x.example/</a>`:                             "https://x.example/\n",
		`<ul><li><a href="https://x.example/">https://x.example/</a></ul>`:                "- https://x.example/\n",
		`<a href="mailto:a@x.example">a@x.example</a>`:                                    "a@x.example\n",
		`<a href="tel:+4930">+4930</a>`:                                                   "+4930\n",
		`<a href="https://x.example/"><img src="https://x.example/i.png"></a>`:            "https://x.example/\n",
		`<a href="https://x.example/"><img src="https://x.example/i.png" alt="Home"></a>`: "Home (https://x.example/)\n",
		`<a href="#top">up</a>`:                                                           "up\n",
		"<ul><li>a</li><li><p>b</p><p>c</p></li></ul>":                                    "- a\n- b\n  c\n",
		"<ol><li>a<ul><li>b</ul></li><li>c</ol>d":                                         "1. a\n   - b\n2. c\n\nd\n",
		"<table><tr><td>a</td><td>b</td></tr><tr><td>c</table>":                           "a b\nc\n",
		"<pre>a\n  b\n\nc</pre>":                                                          "a\n  b\n\nc\n",
		"<pre>a <b>b</b></pre>":                                                           "a b\n",
		"<title>t</title><style>s</style><script>x</script><p hidden>h</p><!-- c -->body": "body\n",
		"Tom &amp; Jerry &lt;3":                                                           "Tom & Jerry <3\n",
		"a&nbsp;b":                                                                        "a\u00a0b\n",
		"<p>  </p><p>a</p>":                                                               "a\n",
		"<b>a</b> <i>b</i>c":                                                              "a bc\n",
	} {
		got, err := mail.TextOf(t.Context(), gorgon.HTML(view))
		if err != nil || got != want {
			t.Errorf("%s:\ngot  %q, %v\nwant %q", view, got, err, want)
		}
	}
}

// Any view has a text: without markup of its own, without spaces at the ends of
// lines outside of preformatted text, and the same each time.
func FuzzTextOf(f *testing.F) {
	for _, seed := range []string{"<p>a</p>", "<ul><li><ol><li>a", "<pre>a\n b", `<a href="https://x.example/">x</a>`, "<table><td><table><td>x", "<a><a><li></a>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, view string) {
		got, err := mail.TextOf(t.Context(), gorgon.HTML(view))
		if err != nil {
			if !mail.Permanent(err) {
				t.Errorf("%v", err)
			}
			return
		}
		again, err := mail.TextOf(t.Context(), gorgon.HTML(view))
		if err != nil || again != got || !strings.HasSuffix(got, "\n") {
			t.Errorf("%q, then %q, %v", got, again, err)
		}
		for line := range strings.Lines(got) {
			if strings.HasSuffix(line, " \n") {
				t.Errorf("a line ends with a space: %q", got)
			}
		}
	})
}

// Nothing of a view changes but its relative links.
func FuzzLinks(f *testing.F) {
	for _, seed := range []string{"<p>a</p>", "<!doctype html><!--[if mso]><a href=x><![endif]-->", "<style>a{}</style><b", `<a href="/x">`, "<textarea><a href='q'>"} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, view string) {
		m := message()
		m.HTML = gorgon.HTML(view)
		l, err := mail.Write(site(t), m, "")
		if err == nil && l.HTML != view && !strings.Contains(l.HTML, "https://club.example/") {
			t.Errorf("%q became %q", view, l.HTML)
		}
	})
}
