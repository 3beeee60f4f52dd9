package pages_test

import (
	"context"
	"fmt"
	"time"

	"github.com/gorgon-go/gorgon/mem"
	"github.com/gorgon-go/gorgon/pages"
)

func ExampleCheckSubject() {
	for _, s := range []string{pages.TagSubject("sale"), pages.PathSubject("/about"), pages.RouteSubject("/products/{id}"), pages.All, "sale"} {
		fmt.Println(s, pages.CheckSubject(s))
	}
	// Output:
	// tag:sale true
	// path:/about true
	// route:/products/{id} true
	// all true
	// sale false
}

func ExampleSubjects() {
	fmt.Println(pages.Subjects(pages.Key{Route: "/products/{id}", Path: "/products/7"}, []string{"sale"}))
	// Output: [all route:/products/{id} path:/products/7 tag:sale]
}

// Purges remembers purges for drivers that cannot store them otherwise.
func ExamplePurges() {
	var p pages.Purges
	p.Add(pages.Change{Sequence: 1, Subject: "tag:sale"})
	p.Add(pages.Change{Sequence: 2, Subject: "path:/about"})
	list, _ := p.Since(1)
	for _, c := range list {
		fmt.Println(c.Sequence, c.Subject)
	}
	// Output: 2 path:/about
}

// An entry as stores keep it.
func ExampleDecode() {
	e := &pages.Entry{Key: pages.Key{Route: "/", Path: "/"}, Status: 200, HTML: []byte("<p>Hello</p>"), Title: "Home", MadeAt: time.Unix(1, 0)}
	data, err := e.Encode()
	if err != nil {
		fmt.Println(err)
		return
	}
	got, err := pages.Decode(data)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(got.Key.Path, got.Title, string(got.HTML))
	// Output: / Home <p>Hello</p>
}

// Settle waits until no instance serves what was purged.
func ExampleSettle() {
	store := mem.Open(mem.Options{})
	fmt.Println(pages.Settle(context.Background(), store, 1))
	// Output: <nil>
}
