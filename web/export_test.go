package web

import "github.com/paymux/paymux/core"

// Titles shows tests the titles of all codes.
func Titles() map[core.Code]core.Words {
	titles := map[core.Code]core.Words{}
	for code, k := range kinds() {
		titles[code] = k.title
	}
	return titles
}

// Sentences shows tests all messages.
func Sentences() []core.Words { return sentences() }

// Say says an English message in Chinese.
func Say(message string) string { return newSpeech().say("", message).ZH }
