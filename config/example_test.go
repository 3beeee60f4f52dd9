package config_test

import (
	"fmt"
	"os"

	"github.com/gorgon-go/gorgon/config"
)

// Bakery is the configuration of an app.
type Bakery struct {
	OvenKey config.Secret `env:"OVEN_KEY,required" doc:"opens the oven"`
	Loaves  int           `env:"LOAVES" default:"20" doc:"how many are baked at once"`
	Mail    struct {
		Host string `env:"HOST" default:"localhost"`
	} `env:"MAIL"`
}

// Conf reads nothing until the program needs it.
var Conf = config.Define[Bakery]("BAKERY_")

func Example() {
	os.Setenv("BAKERY_OVEN_KEY", "let-me-in")
	os.Setenv("BAKERY_MAIL_HOST", "mail.internal")

	c, err := Conf.Get()
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%+v\n", c)
	fmt.Println(c.OvenKey.Matches("let-me-in"))
	// Output:
	// {OvenKey:•••• Loaves:20 Mail:{Host:mail.internal}}
	// true
}

// All faults are returned at once, without values.
func ExampleFaults() {
	os.Setenv("FAULTY_LOAVES", "twenty")
	os.Setenv("FAULTY_MAILHOST", "mail.internal")
	_, err := config.Define[Bakery]("FAULTY_").Get()
	fmt.Println(err)
	// Output:
	// the configuration has 3 faults:
	//   FAULTY_OVEN_KEY: it is required, and not set: write the secret
	//   FAULTY_LOAVES: write a whole number, such as 20
	//   FAULTY_MAILHOST: the app has no such variable: did you mean FAULTY_MAIL_HOST?
}

func ExampleOf() {
	conf := config.Of(Bakery{Loaves: 3, OvenKey: config.NewSecret("test")})
	c, _ := conf.Get()
	fmt.Println(c.Loaves, c.OvenKey)
	// Output: 3 ••••
}
