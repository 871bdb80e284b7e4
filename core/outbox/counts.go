package outbox

import "github.com/paymux/paymux/core"

// Counts lists what this package counts: what became of a try, by the class of the answer, 0xx
// being none; and breakers.
func Counts() []core.CountKind {
	return []core.CountKind{
		{What: "webhook.breaker", Labels: []string{"closed", "open"}},
		{What: "webhook.dead", Labels: []string{"0xx", "3xx", "4xx", "5xx"}},
		{What: "webhook.done", Labels: []string{"2xx"}},
		{What: "webhook.postponed", Labels: []string{"0xx", "3xx", "4xx", "5xx"}},
		{What: "webhook.retry", Labels: []string{"0xx", "3xx", "4xx", "5xx"}},
	}
}
