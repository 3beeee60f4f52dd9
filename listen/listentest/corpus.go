// What requests are made of.

package listentest

var hosts = []string{"a.example", "a.example:80", "[::1]", "127.0.0.1:8080"}

// smuggled are headers and bodies about whose end two readers may differ.
var smuggled = []string{
	"Content-Length: 5\r\n\r\nabcde", "Content-Length: 0\r\n\r\n", "Content-Length: 38\r\n\r\nGET /a HTTP/1.1\r\nHost: b\r\nX: y\r\n\r\n1234",
	"Content-Length: 0\r\nContent-Length: 5\r\n\r\nabcde", "Content-Length: 0, 5\r\n\r\nabcde", "Content-Length: 00\r\n\r\n", "Content-Length: 0 5\r\n\r\nabcde", "Content-Length: 05\r\n\r\nabcde", "Content-Length: -0\r\n\r\n",
	"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n\r\n1\r\na\r\n0\r\n\r\n",
	"Content-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /a HTTP/1.1\r\nHost: b\r\n\r\n", "Content-Length: 0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding:\tchunked\r\n\r\n0\r\n\r\n", "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
	"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "X: y\n Content-Length: 3\n\nabc",
	"X: y\nContent-Length: 3\r\n\r\nabc", "X: y\rContent-Length: 3\r\n\r\nabc", "Content-Length: 5, 5\r\n\r\nabcde", "Content-Length: +5\r\n\r\nabcde",
	"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcdef", "Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", "Content-Length : 5\r\n\r\nabcde", "content-length: 3\r\n\r\nabc",
	"Content-Length: 0x3\r\n\r\nabc", "Content-Length:\r\n\r\n", "Content_Length: 3\r\n\r\nGET", "Expect: 100-continue\r\nContent-Length: 3\r\n\r\nabc",
	"Expect: something\r\n\r\n", "Upgrade: h2c\r\nConnection: Upgrade, HTTP2-Settings\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n\r\n",
	"Upgrade: websocket\r\nConnection: Upgrade\r\n\r\n", "Trailer: X\r\nTransfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n", "Connection: close\r\n\r\n",
	"Connection: keep-alive, close\r\n\r\n", "Connection: Content-Length\r\nContent-Length: 3\r\n\r\nabc", "Host: b\r\n\r\n", "Host : b\r\n\r\n", "Via : b\r\n\r\n", "Accept : b\r\n\r\n", "Via\t: b\r\n\r\n", "Dnt:\t1\r\n\r\n", "Dnt: 1 \t\r\n\r\n", ": b\r\n\r\n", "X\r\n\r\n", "\r\n\r\n",
	"X: \x00\r\n\r\n", "X: \x7f\r\n\r\n", "X: \xff\r\n\r\n", "X: a\tb\r\n\r\n", "X\x00: a\r\n\r\n", "Cookie: a\r\nCookie: gorgon-token=99999\r\n\r\n", "\x00\r\n\r\n", "X: y\n\n", "\n", "X: y\r\n\n",
	"Transfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n3\nabc\n0\n\n", "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n\r\n",
}

// begins are lines that requests begin with.
var begins = []string{
	"POST /a HTTP/1.1", "POST /both HTTP/1.1", "POST /echo/x HTTP/1.1", "PUT /a HTTP/1.1", "OPTIONS * HTTP/1.1", "OPTIONS /a HTTP/1.1", "GET /a HTTP/1.0", "GET /a HTTP/1.2", "GET /a HTTP/2.0", "GET /a", "GET  /a HTTP/1.1",
	"GET /a  HTTP/1.1", " GET /a HTTP/1.1", "GET /a HTTP/1.1 ", "get /a HTTP/1.1", "GET http://b.example/a HTTP/1.1", "GET a HTTP/1.1", "GET * HTTP/1.1", "CONNECT a:80 HTTP/1.1", "HEAD /a HTTP/1.1",
	"GET /%zz HTTP/1.1", "GET /a% HTTP/1.1", "GET /%2fa%00 HTTP/1.1", "GET /a?%zz HTTP/1.1", "GET /a;b HTTP/1.1", "GET /a|<>^{} HTTP/1.1", "GET //%zz/a HTTP/1.1", "GET /a\tHTTP/1.1", "GET /a\x00 HTTP/1.1", "GET /\xe4 HTTP/1.1", "GET /a#b HTTP/1.1", "PRI * HTTP/2.0", "\r\nGET /a HTTP/1.1", "TRACE /a HTTP/1.1", "GET /a HTTP/1.1\r\nGET /b/ HTTP/1.1", "",
}

// lineEnds are other ends of lines.
var lineEnds = []string{"\n", "\r", "\r\r\n", "\r\n\r\n", "\n\n"}

// changes are bytes that decide where something ends.
var changes = []byte("\r\n :\t\x00/aGH,;0\x7f\x80\"")

var encodings = []string{"", "gzip", "br", "zstd", "gzip, deflate, br, zstd", "gzip;q=0, br;q=0.001", "*", "*;q=0", "identity;q=0", "identity", "x-gzip", "br;q=2", ", ,gzip ;q=1.0", "GZIP", "br; q=0.5"}

// conditions are what stands before a tag, or in its place.
var conditions = [][2]string{{" ", "tag"}, {" ", "tag"}, {" W/", "tag"}, {` "x", `, "tag"}, {" *", ""}, {" x", "tag"}, {" *, ", "tag"}, {` "x"`, ""}, {"", ""}}

// taken are lines that a lane takes.
var taken = [][2]string{
	{"Connection:", " keep-alive"}, {"connection:", "Keep-Alive "}, {"User-Agent:", " Mozilla/5.0 (X11; Linux x86_64)"}, {"Accept:", " text/html,*/*;q=0.8"}, {"Accept-Language:", " de-DE,de;q=0.9,en;q=0.8"},
	{"Upgrade-Insecure-Requests:", " 1"}, {"Sec-Fetch-Site:", " same-origin"}, {"Sec-Fetch-Mode:", " navigate"}, {"Sec-Fetch-Dest:", " document"}, {"Referer:", " https://a.example/"}, {"Priority:", " u=0, i"},
	{"Cookie:", " theme=dark; in=1"}, {"Cache-Control:", " max-age=0"}, {"X-Forwarded-For:", " 1.2.3.4"}, {"X-Forwarded-Proto:", " https"}, {"X-Real-IP:", " 1.2.3.4"}, {"Forwarded:", " for=1.2.3.4"}, {"Via:", " 1.1 x"},
	{"X-Request-ID:", " abc"}, {"DNT:", " 1"}, {"sec-ch-ua:", ` "Chromium";v="142"`}, {"sec-ch-ua-mobile:", " ?0"}, {"If-Modified-Since:", " Wed, 06 May 2026 07:08:09 GMT"},
}

// passing are lines that a browser or a proxy sends.
var passing = [][2]string{
	{"Connection:", " keep-alive"}, {"connection:", "Keep-Alive"}, {"User-Agent:", " Mozilla/5.0 (X11; Linux x86_64)"}, {"Accept:", " text/html,*/*;q=0.8"}, {"Accept-Language:", " de-DE,de;q=0.9,en;q=0.8"},
	{"Upgrade-Insecure-Requests:", " 1"}, {"Sec-Fetch-Site:", " same-origin"}, {"Sec-Fetch-Mode:", " navigate"}, {"Sec-Fetch-Dest:", " document"}, {"Referer:", " https://a.example/"}, {"Priority:", " u=0, i"},
	{"Cookie:", " theme=dark; in=1"}, {"Cache-Control:", " max-age=0"}, {"Cache-Control:", " no-cache"}, {"Pragma:", " no-cache"}, {"Range:", " bytes=0-3"},
	{"Authorization:", " Basic YTpi"}, {"X-Forwarded-For:", " 1.2.3.4"}, {"X-Forwarded-Proto:", " https"}, {"X-Real-IP:", " 1.2.3.4"}, {"Forwarded:", " for=1.2.3.4"},
	{"Via:", " 1.1 x"}, {"X-Request-ID:", " abc"}, {"If-Match:", " *"}, {"If-Match:", ` "x"`}, {"If-Unmodified-Since:", " Mon, 02 Jan 2006 15:04:05 GMT"}, {"If-Modified-Since:", " Thu, 02 Jan 2031 15:04:05 GMT"},
	{"If-Modified-Since:", " Wed, 06 May 2026 07:08:09 GMT"}, {"If-Range:", ` "x"`}, {"Sec-Purpose:", " prefetch"}, {"Purpose:", " prefetch"}, {"Surrogate-Capability:", ` a="ESI/1.0"`}, {"X-Anything:", " y"}, {"DNT:", " 1"},
	{"Accept-Encoding:", " gzip"}, {"Empty:", ""}, {"Origin:", " https://b.example"},
}
