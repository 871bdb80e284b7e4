package core

// Container is the app that a page seems to be shown in. It decides presentation only: a user
// agent says what its sender likes (W22). The zero value is an ordinary browser.
type Container struct {
	ID   string // of the data file
	Name Words
	// Leave tells that the buyer must go on in a browser: a gateway's page cannot be opened here,
	// or nobody has said publicly that it can.
	Leave bool
	// Doubtful tells that nobody has said so, which a page must not state as a fact.
	Doubtful bool
	// Menu tells that the app's own menu has "open in browser"; without it the link is copied.
	Menu bool
}

// Containers recognises containers by user agent.
type Containers interface {
	ContainerOf(userAgent string) Container
}
