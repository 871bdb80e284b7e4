package outbox

import "github.com/paymux/paymux/core"

// Alerts lists what this package tells a Watcher's Alert of.
func Alerts() []core.AlertKind {
	return []core.AlertKind{
		{What: "webhook.dead", Level: 2}, {What: "webhook.endpoint_disabled", Level: 2}, {What: "webhook.unsigned", Level: 1},
	}
}
