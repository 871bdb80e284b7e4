package alipaysim

import (
	"crypto/aes"
	"crypto/cipher"
	"encoding/base64"
	"errors"
)

var errCiphertext = errors.New("alipaysim: not a ciphertext of this key")

// zeroIV is what the protocol prescribes.
func zeroIV() []byte { return make([]byte, aes.BlockSize) }

func aesBlock(key string) (cipher.Block, error) {
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil {
		return nil, err
	}
	return aes.NewCipher(raw)
}

// aesEncrypt is AES-CBC with PKCS#7 padding and a zero IV, in base64: the
// content encryption of the open platform.
func aesEncrypt(key string, plain []byte) (string, error) {
	block, err := aesBlock(key)
	if err != nil {
		return "", err
	}
	pad := aes.BlockSize - len(plain)%aes.BlockSize
	text := append([]byte(nil), plain...)
	for range pad {
		text = append(text, byte(pad))
	}
	// The zero IV is the open platform's; see zeroIV.
	cipher.NewCBCEncrypter(block, zeroIV()).CryptBlocks(text, text)
	return base64.StdEncoding.EncodeToString(text), nil
}

// aesDecrypt undoes aesEncrypt.
func aesDecrypt(key, text string) ([]byte, error) {
	block, err := aesBlock(key)
	if err != nil {
		return nil, err
	}
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil || len(raw) == 0 || len(raw)%aes.BlockSize != 0 {
		return nil, errCiphertext
	}
	cipher.NewCBCDecrypter(block, zeroIV()).CryptBlocks(raw, raw)
	pad := int(raw[len(raw)-1])
	if pad == 0 || pad > aes.BlockSize {
		return nil, errCiphertext
	}
	for _, b := range raw[len(raw)-pad:] {
		if int(b) != pad {
			return nil, errCiphertext
		}
	}
	return raw[:len(raw)-pad], nil
}
