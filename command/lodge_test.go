// The program "lodge" of the scripts, which has rooms.

package command_test

import (
	"net/http"

	"github.com/gorgon-go/gorgon"
	"github.com/gorgon-go/gorgon/command"
	"github.com/gorgon-go/gorgon/database"
	"github.com/gorgon-go/gorgon/database/litedb"
	"github.com/gorgon-go/gorgon/database/roomdb"
	"github.com/gorgon-go/gorgon/host"
	"github.com/gorgon-go/gorgon/rooms"
)

// lodge has a room for each guest, and one hall. GET /say/{guest} says something.
func lodge() {
	type note struct {
		Text string `json:"text"`
	}
	notes := rooms.Topic[note]{Name: "notes", Path: "/notes/{guest}/room", Latest: 10}
	hall := rooms.Topic[note]{Name: "hall", Path: "/hall"}
	db := database.Open(litedb.Dialect, database.Options{})
	command.Main(gorgon.App{Name: "lodge", Parts: []gorgon.Part{
		gorgon.Group{Prefix: "/house", Parts: []gorgon.Part{notes}}, hall,
		gorgon.Handler{Pattern: "GET /say/{guest}", Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := notes.Publish(r.Context(), r.PathValue("guest"), note{"hello"}); err != nil {
				http.Error(w, err.Error(), http.StatusInternalServerError)
			}
		})},
	}}, command.Config{Database: db, Rooms: host.New(host.Options{Store: roomdb.In(db)})})
}
