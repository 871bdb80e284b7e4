package alipay

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"fmt"
	"strings"

	"github.com/go-json-experiment/json"
)

// contentCipher is AES-128-CBC with PKCS#7 padding and an all-zero IV: the
// gateway's scheme, not ours. It hides content from middlemen who log; what
// protects it from change is the signature over the ciphertext, without which
// nothing of the content is believed.
type contentCipher struct{ block cipher.Block }

func newContentCipher(text string) (*contentCipher, error) {
	key, err := base64.StdEncoding.DecodeString(strings.Join(payloadLines(plainText(text)), ""))
	if err != nil || len(key) != 16 {
		return nil, fmt.Errorf("%w: the AES key must be base64 of 16 bytes", ErrKeyUnreadable)
	}
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return &contentCipher{block}, nil
}

func (c *contentCipher) encrypt(plain []byte) string {
	padding := aes.BlockSize - len(plain)%aes.BlockSize
	padded := make([]byte, len(plain)+padding)
	copy(padded, plain)
	for i := len(plain); i < len(padded); i++ {
		padded[i] = byte(padding)
	}
	cipher.NewCBCEncrypter(c.block, make([]byte, aes.BlockSize)).CryptBlocks(padded, padded)
	return base64.StdEncoding.EncodeToString(padded)
}

func (c *contentCipher) decrypt(text string) ([]byte, error) {
	data, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(data) == 0 || len(data)%aes.BlockSize != 0 {
		return nil, fmt.Errorf("%w: not base64 of whole blocks", ErrDecryptionFailed)
	}
	cipher.NewCBCDecrypter(c.block, make([]byte, aes.BlockSize)).CryptBlocks(data, data)
	padding := int(data[len(data)-1])
	if padding == 0 || padding > aes.BlockSize {
		return nil, fmt.Errorf("%w: wrong key, or not this scheme", ErrDecryptionFailed)
	}
	for _, b := range data[len(data)-padding:] {
		if int(b) != padding {
			return nil, fmt.Errorf("%w: wrong key, or not this scheme", ErrDecryptionFailed)
		}
	}
	return data[:len(data)-padding], nil
}

// decryptJSONText opens a node that is a JSON string of ciphertext.
func (c *contentCipher) decryptJSONText(node []byte) ([]byte, error) {
	var text string
	if err := json.Unmarshal(node, &text); err != nil {
		return nil, fmt.Errorf("%w: the node is no text", ErrDecryptionFailed)
	}
	return c.decrypt(text)
}
