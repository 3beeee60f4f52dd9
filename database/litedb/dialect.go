// The dialect.

package litedb

import (
	"github.com/gorgon-go/gorgon/database"
)

// Dialect is SQLite. Pass it to [database.Open].
var Dialect database.Dialect = dialect{}

type dialect struct{}

func (dialect) Name() string { return "sqlite" }

func (dialect) Pools() bool { return false }

func (dialect) Open(config database.Config) (database.Engine, error) { return open(config) }
