package shape_test

import "time"

// The types of the judge, each with bodies that fit it.

type Unit string

func (Unit) Values() []Unit { return []Unit{"gram", "piece", "Löffel"} }

type Step struct {
	Text    string `json:"text" check:"min=3,max=500"`
	Minutes int    `json:"minutes" check:"min=0,max=600"`
}

type Recipe struct {
	Title    string   `json:"title" check:"min=3,max=40" doc:"What the dish is called."`
	Servings int      `json:"servings" check:"min=1,max=100"`
	Unit     Unit     `json:"unit"`
	Email    string   `json:"email" check:"email"`
	Tags     []string `json:"tags" check:"max=5,each.min=1,each.max=8,unique"`
	Steps    []Step   `json:"steps" check:"min=1,max=5"`
	Note     *string  `json:"note"`
}

type Numbers struct {
	Int     int      `json:"int"`
	I8      int8     `json:"i8"`
	I16     int16    `json:"i16"`
	I32     int32    `json:"i32"`
	Uint    uint     `json:"uint"`
	U8      uint8    `json:"u8"`
	U16     uint16   `json:"u16"`
	U32     uint32   `json:"u32"`
	F64     float64  `json:"f64"`
	F32     float32  `json:"f32"`
	Percent float64  `json:"percent" check:"min=0,max=100"`
	Share   float64  `json:"share" check:"min=0.1,max=0.3"`
	Small   float32  `json:"small" check:"min=-0.1,max=0.7"`
	Odd     []int    `json:"odd" check:"unique,each.min=-3,each.max=120"`
	Even    *float32 `json:"even" check:"max=-1e-7"`
}

type Wide struct {
	ID     int64            `json:"id"`
	Size   uint64           `json:"size"`
	Near   int64            `json:"near" check:"min=-120,max=1050"`
	Far    uint64           `json:"far" check:"min=99,max=100"`
	Below  int64            `json:"below" check:"min=-20,max=-7"`
	IDs    []int64          `json:"ids" check:"unique,each.min=1"`
	Sizes  map[string]int64 `json:"sizes"`
	Parent int64            `json:"parent,omitzero" check:"min=5"`
}

type Moments struct {
	At    time.Time   `json:"at"`
	Until *time.Time  `json:"until"`
	Days  []time.Time `json:"days"`
	Raw   []byte      `json:"raw"`
	One   []byte      `json:"one" check:"min=1,max=4"`
	Two   []byte      `json:"two" check:"min=2,max=5"`
	Three []byte      `json:"three" check:"min=3,max=3"`
	Maybe []byte      `json:"maybe,omitempty" check:"min=4,max=6"`
}

type Key string

type Maps struct {
	Counts map[string]int    `json:"counts" check:"min=1,max=3"`
	Units  map[Unit]Step     `json:"units"`
	Lists  map[Key][]string  `json:"lists" check:"each.max=2"`
	Deep   map[string]Wide   `json:"deep,omitempty"`
	Labels map[string]string `json:"labels,omitzero" check:"each.max=4"`
}

type Maybe struct {
	Bool   *bool             `json:"bool"`
	Int    *int              `json:"int" check:"min=1"`
	Text   *string           `json:"text" check:"min=2"`
	Unit   *Unit             `json:"unit"`
	Step   *Step             `json:"step"`
	Zero   Step              `json:"zero,omitzero"`
	List   []string          `json:"list,omitempty" check:"min=1"`
	Empty  []int             `json:"empty,omitzero" check:"max=2"`
	Map    map[string]string `json:"map,omitempty"`
	Count  int               `json:"count,omitempty" check:"min=3"`
	Choice Unit              `json:"choice,omitzero"`
	When   time.Time         `json:"when,omitzero"`
	Flag   bool              `json:"flag,omitempty"`
	Pair   [2]int            `json:"pair,omitzero"`
	Lists  *[]string         `json:"lists"`
}

type Tree struct {
	Name  string          `json:"name" check:"min=1"`
	Kids  []Tree          `json:"kids"`
	Other *Tree           `json:"other"`
	Named map[string]Tree `json:"named,omitempty"`
}

type Stamp struct {
	By string    `json:"by"`
	On time.Time `json:"on"`
}

type stamped struct {
	Stamp
	Version int `json:"version"`
}

type Embedding struct {
	stamped
	Step `json:"step"`
	Plain
	Hidden string `json:"-"`
	Dash   string `json:"-,"` //lint:ignore SA5008 it names the member "-", as encoding/json has it
	_      int
}

type Plain struct{ Untagged string }

type Contact struct {
	Email  string   `json:"email" check:"email,max=40"`
	Site   string   `json:"site" check:"url"`
	Code   string   `json:"code" check:"pattern=^[A-Z]{2},[0-9]+$"`
	Loose  string   `json:"loose" check:"min=2,pattern=a.b"`
	Emails []string `json:"emails" check:"each.email"`
	Both   string   `json:"both" check:"url,pattern=example"`
	Slugs  []string `json:"slugs" check:"unique,each.pattern=^[a-z-]*$"`
}

type Many struct {
	A int    `json:"a"`
	B string `json:"b"`
	C bool   `json:"c"`
	D int    `json:"d"`
	E int    `json:"e"`
	F int    `json:"f"`
	G int    `json:"g"`
	H int    `json:"h"`
	I int    `json:"i"`
	J int    `json:"j"`
	K int    `json:"k"`
	L int    `json:"l"`
	M int    `json:"m"`
	N int    `json:"n"`
	O int    `json:"o"`
	P int    `json:"p"`
	Q int    `json:"q,omitempty"`
	R *bool  `json:"r"`
	// The Kelvin sign folds to k, and the long s to s.
	Kelvin string `json:"kelvin"`
	Str    string `json:"str"`
}

type Arrays struct {
	Point  [3]int       `json:"point" check:"each.max=9"`
	Table  [][]string   `json:"table" check:"max=2"`
	Pair   [2]Step      `json:"pair"`
	Bools  []bool       `json:"bools" check:"unique"`
	Many   []int        `json:"many" check:"unique,min=20"`
	Units  []Unit       `json:"units" check:"unique,min=1"`
	Matrix [2][2]uint8  `json:"matrix"`
	Times  []*time.Time `json:"-"`
}

type Lines []Step

type Index map[string][]Unit

// subjects are the types with bodies that fit them.
var subjects = []subject{
	newSubject[Recipe](
		`{"title":"Soup","servings":2,"unit":"gram","email":"cook@example.com","tags":["hot","süß"],"steps":[{"text":"Cook it.","minutes":5},{"text":"Eat","minutes":0}],"note":"salt"}`,
		`{"title":"Ein sehr langes Gericht, das lange kocht","servings":100,"unit":"Löffel","email":"a@b","tags":[],"steps":[{"text":"äöü","minutes":600}]}`),
	newSubject[Numbers](`{"int":9007199254740991,"i8":-128,"i16":32767,"i32":-2147483648,"uint":9007199254740991,"u8":255,"u16":0,"u32":4294967295,"f64":1.5,"f32":0.1,"percent":99.5,"share":0.1,"small":0.7,"odd":[1,2,3],"even":-1.5}`,
		`{"int":0,"i8":1,"i16":2,"i32":3,"uint":4,"u8":5,"u16":6,"u32":7,"f64":1e308,"f32":1e38,"percent":0,"share":0.2,"small":0,"odd":[]}`),
	newSubject[Wide](`{"id":"9223372036854775807","size":"18446744073709551615","near":"-120","far":"100","below":"-7","ids":["1","2","30"],"sizes":{"a":"-1","b":"0"},"parent":"5"}`,
		`{"id":"-9223372036854775808","size":"0","near":"1050","far":"99","below":"-20","ids":[],"sizes":{}}`),
	newSubject[Moments](`{"at":"2024-02-29T23:59:59.123456789+02:00","until":"0000-01-01T00:00:00Z","days":["2026-11-29T04:50:00Z"],"raw":"aGVsbG8=","one":"YQ==","two":"YWI=","three":"YWJj","maybe":"YWJjZA=="}`,
		`{"at":"9999-12-31T23:59:59Z","days":[],"raw":"","one":"YWJjZA==","two":"YWJjZGU=","three":"////"}`),
	newSubject[Maps](`{"counts":{"a":1,"b":2},"units":{"gram":{"text":"abc","minutes":1}},"lists":{"x":["a","b"],"":[]},"labels":{"k":"v"}}`,
		`{"counts":{"~/.":3},"units":{},"lists":{},"deep":{"w":{"id":"1","size":"1","near":"0","far":"99","below":"-8","ids":["7"],"sizes":{}}}}`),
	newSubject[Maybe](`{"bool":false,"int":1,"text":"ab","unit":"piece","step":{"text":"abc","minutes":1},"zero":{"text":"abc","minutes":0},"list":["a"],"empty":[0,1],"map":{"a":"b"},"count":3,"choice":"gram","when":"2026-01-01T00:00:00Z","flag":true,"pair":[1,2],"lists":[]}`,
		`{}`, `{"pair":[0,0],"when":"0001-01-01T00:00:00Z","flag":false,"empty":[],"map":{}}`),
	newSubject[Tree](`{"name":"a","kids":[{"name":"b","kids":[],"other":{"name":"c","kids":[]}}],"named":{"x":{"name":"d","kids":[]}}}`),
	newSubject[Embedding](`{"by":"me","on":"2026-11-29T04:50:00+05:30","version":3,"step":{"text":"abc","minutes":1},"Untagged":"x","-":"dash"}`),
	newSubject[Contact](`{"email":"first.last+tag@mail.example.com","site":"https://example.com:8080/a/b?c=%20d#e","code":"AB,12","loose":"xaxbx","emails":["a@b.c"],"both":"http://example.org","slugs":["a-b","c"]}`),
	newSubject[Many](`{"a":1,"b":"x","c":true,"d":4,"e":5,"f":6,"g":7,"h":8,"i":9,"j":10,"k":11,"l":12,"m":13,"n":14,"o":15,"p":16,"r":false,"kelvin":"K","str":"s"}`),
	newSubject[Arrays](`{"point":[1,2,9],"table":[["a"],[]],"pair":[{"text":"abc","minutes":1},{"text":"def","minutes":2}],"bools":[true,false],"many":[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20],"units":["gram","piece"],"matrix":[[0,255],[1,2]]}`),
	newSubject[Lines](`[{"text":"abc","minutes":1}]`, `[]`),
	newSubject[Index](`{"a":["gram","gram"],"b":[]}`),
}
