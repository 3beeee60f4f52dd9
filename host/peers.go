// How instances call each other.

package host

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"github.com/gorgon-go/gorgon/rooms"
	"github.com/gorgon-go/gorgon/wire"
)

const (
	connect  = 500 * time.Millisecond
	maxLine  = 64 << 20 // of what an instance sends another
	maxCall  = 64 << 20
	tooLate  = 10 * time.Second // an act that is not answered by then
	peerIdle = 64               // connections to an instance that are kept open
)

// A following is the request to follow a room.
type following struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	After    string `json:"after"`
	Instance string `json:"instance"`
	Build    string `json:"build"`
	Here     here   `json:"here"`
}

// An acting is the request to do acts.
type acting struct {
	Name string `json:"name"`
	Key  string `json:"key"`
	Acts []Act  `json:"acts"`
}

// A presenting says who takes part on an instance.
type presenting struct {
	Name     string `json:"name"`
	Key      string `json:"key"`
	Instance string `json:"instance"`
	Here     here   `json:"here"`
}

var (
	errBehind  = errors.New("the owner does not have what follows that position")
	errUnknown = errors.New("the owner could not append in time")
	errGone    = errors.New("the owner of a room does not answer")
)

// peers calls other instances.
type peers struct{ client *http.Client }

func newPeers() *peers {
	return &peers{&http.Client{Transport: &http.Transport{
		DialContext:         (&net.Dialer{Timeout: connect}).DialContext,
		MaxIdleConnsPerHost: peerIdle, IdleConnTimeout: time.Minute, DisableCompression: true,
		TLSHandshakeTimeout: 2 * time.Second,
	}}}
}

// post sends a request to an instance. The caller closes the body.
func (p *peers) post(ctx context.Context, to rooms.Instance, what string, body any) (*http.Response, error) {
	data, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	address := to.Address
	if !strings.Contains(address, "://") {
		address = "http://" + address
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address+wire.Rooms+what, bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+to.Key)
	req.Header.Set("Content-Type", "application/json")
	response, err := p.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errGone, err)
	}
	switch response.StatusCode {
	case http.StatusOK:
		return response, nil
	case http.StatusConflict:
		err = errNotMine
	case http.StatusGone:
		err = errBehind
	case http.StatusServiceUnavailable:
		err = errUnknown
	default: // another process has its address
		err = fmt.Errorf("%w: its address answers with status %d", errGone, response.StatusCode)
	}
	_ = response.Body.Close()
	return nil, err
}

// act lets an instance do acts.
func (p *peers) act(ctx context.Context, to rooms.Instance, a acting) (results []Result, err error) {
	response, err := p.post(ctx, to, "act", a)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	if err := json.NewDecoder(io.LimitReader(response.Body, maxCall)).Decode(&results); err != nil {
		return nil, fmt.Errorf("%w: %w", errGone, err)
	}
	return results, nil
}

// present tells an instance who takes part.
func (p *peers) present(ctx context.Context, to rooms.Instance, what presenting) error {
	ctx, cancel := context.WithTimeout(ctx, silence)
	defer cancel()
	response, err := p.post(ctx, to, "present", what)
	if err != nil {
		return err
	}
	return response.Body.Close()
}

// follow follows a room at its owner until hear returns false, or it ends.
func (p *peers) follow(ctx context.Context, to rooms.Instance, f following, hear func(line) bool) error {
	response, err := p.post(ctx, to, "follow", f)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	lines := bufio.NewReaderSize(response.Body, 16<<10)
	for {
		text, err := readLine(lines)
		if err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
		var l line
		if err := json.Unmarshal(text, &l); err != nil {
			return fmt.Errorf("%w: %w", errGone, err)
		}
		if l.End {
			return errNotMine
		}
		if !hear(l) {
			return ctx.Err()
		}
	}
}

func readLine(from *bufio.Reader) ([]byte, error) {
	var whole []byte
	for {
		part, err := from.ReadSlice('\n')
		if err == nil && whole == nil {
			return part, nil
		}
		if len(whole)+len(part) > maxLine {
			return nil, errors.New("a line of the owner of a room is too long")
		}
		whole = append(whole, part...)
		if err == nil {
			return whole, nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}
