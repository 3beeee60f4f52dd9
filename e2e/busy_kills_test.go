//go:build unix

// Instances that are killed after they committed.

package e2e_test

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"sync"
	"time"

	"github.com/gorgon-go/gorgon/e2e/internal/shop"
)

// kills: an instance is killed as soon as its transaction is in the database, and
// at any moment under load. What it committed is purged by another.
func (m *market) kills() {
	rounds := number(m.T, "GORGON_E2E_BUSY_KILLS", 8)
	const products = 4
	stop := m.crowded(2, somewhere(products))
	m.knows("/products/1", "/lists/all")
	var took []time.Duration
	for n := range rounds {
		i := n % len(m.servers)
		id := int64(1 + n%products)
		victim, other := m.at(i), m.at(i+1)
		row := shop.Row{Table: "products", ID: id}.Name()
		var writers sync.WaitGroup
		if n%2 == 0 {
			was := m.version("products", id)
			writers.Go(func() { _, _ = victim.post("/products/"+strconv.FormatInt(id, 10), "{}") })
			until(m.T, "the transaction has committed", func() bool { return m.version("products", id) > was })
		} else {
			// Under load, and at any moment.
			for w := range 3 {
				writers.Go(func() {
					for range 200 {
						if _, _, _, err := m.change(victim, int64(1+w), ""); err != nil {
							return
						}
					}
				})
			}
			time.Sleep(20*time.Millisecond + rand.N(150*time.Millisecond))
		}
		victim.kill()
		killed := time.Now()
		writers.Wait()
		for id := range int64(products) {
			m.sold(id+1, m.version("products", id+1)) // whatever is there was committed
		}
		version := m.version("products", id)
		replaced := make(chan *server)
		go func() { replaced <- m.stand.serve() }()
		took = append(took, m.shown(other, fmt.Sprint("/products/", id), row, version, killed))
		m.servers[i].Store(<-replaced)
		victim.end()
	}
	time.Sleep(2200 * time.Millisecond) // what was committed last has to be known by now
	stop()
	m.Logf("%d kills: what the victim committed was shown by another after %v (p50), %v (longest)", rounds, quantile(took, 0.5), quantile(took, 1))
	// Where the victim was making the page, its lease has to run out first. Until
	// then the page is marked as stale.
	if longest := quantile(took, 1); longest > 15*time.Second {
		m.breaks("what the victim committed was shown by another after %v", longest)
	}
	m.settles("/lists/all", "/products/1", "/products/2", "/api/products/3", "/shelves/4")
}
