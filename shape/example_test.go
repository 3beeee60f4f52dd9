package shape_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"

	"github.com/gorgon-go/gorgon/shape"
)

type Item struct {
	Name  string `json:"name" check:"min=1,max=80"`
	Count int    `json:"count" check:"min=1"`
}

type Order struct {
	Email string `json:"email" check:"email" doc:"Where the receipt goes."`
	Items []Item `json:"items" check:"min=1,max=20"`
	Note  string `json:"note,omitzero"`
}

func ExampleOf() {
	type Wrong struct {
		Wait  any `json:"wait"`
		Count int `json:"count" check:"least=1"`
	}
	_, err := shape.Of(reflect.TypeFor[Wrong]())
	fmt.Println(err)
	// Output:
	// shape_test.Wrong.Wait: an interface can hold anything: use a struct
	// shape_test.Wrong.Count: check "least" is not known: use min, max, email, url, unique or pattern, and each. before them for elements
}

func ExampleType_Decode() {
	order, _ := shape.Of(reflect.TypeFor[Order]())
	for _, body := range []string{
		`{"email":"a@example.com","items":[{"name":"tea","count":2}]}`,
		`{"email":"a@example.com","items":[{"name":"tea","COUNT":2}],"note":null}`,
		`{"email":"a@example.com","email":"b@example.com"}`,
	} {
		var o Order
		faults, err := order.Decode([]byte(body), &o, shape.Options{})
		var syntax *shape.SyntaxError
		if errors.As(err, &syntax) {
			fmt.Println("400", syntax.Pointer, syntax.Detail)
			continue
		}
		for _, f := range faults {
			fmt.Println("422", f.Pointer, f.Detail)
		}
		if faults == nil {
			fmt.Println(o.Items[0].Count, o.Items[0].Name)
		}
	}
	// Output:
	// 2 tea
	// 422 /items/0/COUNT is not known
	// 422 /items/0/count is required
	// 422 /note must not be null
	// 400 /email is given more than once
}

func ExampleType_Bind() {
	order, _ := shape.Of(reflect.TypeFor[Order]())
	var o Order
	faults := order.Bind(shape.Form{Values: map[string][]string{
		"email":         {"a@example.com"},
		"items.3.name":  {"tea"},
		"items.3.count": {"many"},
		"note":          {""},
		"_csrf":         {"…"},
	}}, &o)
	for _, f := range faults {
		fmt.Println(shape.PointerName(f.Pointer), f.Detail)
	}
	// Output:
	// items.0.count must be a whole number
}

func ExampleType_Schema() {
	order, _ := shape.Of(reflect.TypeFor[Item]())
	defs := &shape.Defs{}
	root, _ := json.Marshal(order.Schema(defs))
	all, _ := json.MarshalIndent(defs.Schemas, "", "  ")
	fmt.Printf("%s\n%s\n", root, all)
	// Output:
	// {"$ref":"#/components/schemas/Item"}
	// {
	//   "Item": {
	//     "additionalProperties": false,
	//     "properties": {
	//       "count": {
	//         "maximum": 9007199254740991,
	//         "minimum": 1,
	//         "type": "integer"
	//       },
	//       "name": {
	//         "maxLength": 80,
	//         "minLength": 1,
	//         "type": "string"
	//       }
	//     },
	//     "required": [
	//       "name",
	//       "count"
	//     ],
	//     "type": "object"
	//   }
	// }
}
