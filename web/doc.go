// Package web speaks HTTP: the merchant's API, the gateways' notifications, the buyer's hand-off pages, and the machine's health and metrics.
//
// It knows routes, keys, permissions, strict JSON, problem documents and templates. It must not know what a signature of a gateway looks like, what a
// platform permits, or how an order moves: it hands requests to the use cases of core and renders their answers. Echo stays inside this package.
//
// Read routes.go first: one table holds every route with its permission. openapi.yaml describes the same routes for people and programs, and a test
// holds the two against each other.
package web
