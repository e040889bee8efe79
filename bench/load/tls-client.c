#include "tls-client.h"

#include <errno.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { hash_size = 32, tag_size = 16, header_size = 5 };
enum { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };
enum { server_hello = 2, certificate = 11, certificate_verify = 15, finished = 20 };
enum { key_share = 51, x25519 = 0x001d };

struct tls_identity {
  /* The whole handshake message. */
  unsigned char certificate[4096];
  int certificate_length;
  EVP_PKEY_CTX *signer;
};

static EVP_CIPHER *aes;
static EVP_CIPHER_CTX *seals, *opens;
static EVP_PKEY_CTX *agreement;
static unsigned char client_hello[256], empty_hash[hash_size], derived_from_nothing[hash_size];
static int client_hello_length;
static SHA256_CTX after_client_hello;

static void need(int fine, const char *what) {
  if (fine) return;
  fprintf(stderr, "tls-client: %s\n", what);
  exit(1);
}

static unsigned char *put(unsigned char *at, const void *bytes, int length) {
  memcpy(at, bytes, length);
  return at + length;
}

static unsigned char *put_number(unsigned char *at, unsigned value, int bytes) {
  for (int i = bytes - 1; i >= 0; i--) *at++ = value >> (8 * i);
  return at;
}

static unsigned number(const unsigned char *at, int bytes) {
  unsigned value = 0;
  for (int i = 0; i < bytes; i++) value = value << 8 | at[i];
  return value;
}

/* RFC 2104; the key is never longer than a block. */
static void hmac(const unsigned char *key, int key_length, const unsigned char *text, int length, unsigned char *mac) {
  unsigned char pad[64];
  SHA256_CTX inner, outer;
  memset(pad, 0x36, sizeof pad);
  for (int i = 0; i < key_length; i++) pad[i] ^= key[i];
  SHA256_Init(&inner);
  SHA256_Update(&inner, pad, sizeof pad);
  SHA256_Update(&inner, text, length);
  SHA256_Final(mac, &inner);
  for (int i = 0; i < (int)sizeof pad; i++) pad[i] ^= 0x36 ^ 0x5c;
  SHA256_Init(&outer);
  SHA256_Update(&outer, pad, sizeof pad);
  SHA256_Update(&outer, mac, hash_size);
  SHA256_Final(mac, &outer);
}

/* HKDF-Expand-Label (7.1) of at most one hash. */
static void expand(const unsigned char *secret, const char *label, const unsigned char *context, unsigned char *out, int length) {
  unsigned char info[80], block[hash_size];
  unsigned char *at = put_number(info, length, 2);
  at = put_number(at, 6 + strlen(label), 1);
  at = put(at, "tls13 ", 6);
  at = put(at, label, strlen(label));
  at = put_number(at, context ? hash_size : 0, 1);
  if (context) at = put(at, context, hash_size);
  at = put_number(at, 1, 1);
  hmac(secret, hash_size, info, at - info, block);
  memcpy(out, block, length);
}

static void transcript_hash(const struct tls *tls, unsigned char *hash) {
  SHA256_CTX copy = tls->transcript;
  SHA256_Final(hash, &copy);
}

static void set_secret(struct tls_direction *direction, const unsigned char *from, const char *label, const unsigned char *hash) {
  expand(from, label, hash, direction->secret, hash_size);
  expand(direction->secret, "key", NULL, direction->key, sizeof direction->key);
  expand(direction->secret, "iv", NULL, direction->iv, sizeof direction->iv);
  direction->sequence = 0;
}

/* 5.3 */
static void next_nonce(struct tls_direction *direction, unsigned char *nonce) {
  memcpy(nonce, direction->iv, 12);
  for (int i = 0; i < 8; i++) nonce[11 - i] ^= direction->sequence >> (8 * i);
  direction->sequence += 1;
}

/* One protected record (5.2); returns its end. */
static unsigned char *seal(struct tls_direction *direction, int type, const unsigned char *plain, int length, unsigned char *record) {
  unsigned char nonce[12], inner_type = type;
  int done;
  put_number(put(record, "\x17\x03\x03", 3), length + 1 + tag_size, 2);
  next_nonce(direction, nonce);
  EVP_EncryptInit_ex(seals, NULL, NULL, direction->key, nonce);
  EVP_EncryptUpdate(seals, NULL, &done, record, header_size);
  EVP_EncryptUpdate(seals, record + header_size, &done, plain, length);
  EVP_EncryptUpdate(seals, record + header_size + length, &done, &inner_type, 1);
  unsigned char *tag = record + header_size + length + 1;
  EVP_EncryptFinal_ex(seals, tag, &done);
  EVP_CIPHER_CTX_ctrl(seals, EVP_CTRL_AEAD_GET_TAG, tag_size, tag);
  return tag + tag_size;
}

/* Takes the protection off in place and tells the type; the length without padding, -1 when it is forged. */
static int unseal(struct tls_direction *direction, unsigned char *record, int length, int *type) {
  unsigned char nonce[12], *body = record + header_size;
  int size = length - header_size - tag_size, done;
  if (size < 1) return -1;
  next_nonce(direction, nonce);
  EVP_DecryptInit_ex(opens, NULL, NULL, direction->key, nonce);
  EVP_DecryptUpdate(opens, NULL, &done, record, header_size);
  EVP_DecryptUpdate(opens, body, &done, body, size);
  EVP_CIPHER_CTX_ctrl(opens, EVP_CTRL_AEAD_SET_TAG, tag_size, body + size);
  if (EVP_DecryptFinal_ex(opens, body + size, &done) != 1) return -1;
  while (size > 0 && body[size - 1] == 0) size -= 1;
  if (size == 0) return -1;
  *type = body[size - 1];
  return size - 1;
}

/* 4.1.2, without a session id: the server then sends no change_cipher_spec. */
static void make_client_hello(const unsigned char *public_key) {
  static const unsigned char names[] = "\x00\x10\x00\x0f\x00\x0d\x0csssonector/1";
  unsigned char random[32], *at = client_hello + header_size + 4;
  need(RAND_bytes(random, sizeof random) == 1, "RAND_bytes");
  at = put(at, "\x03\x03", 2);
  at = put(at, random, sizeof random);
  at = put(at, "\x00\x00\x02\x13\x01\x01\x00", 7); /* no session id; TLS_AES_128_GCM_SHA256; no compression */
  unsigned char *extensions = at;
  at += 2;
  at = put(at, "\x00\x2b\x00\x03\x02\x03\x04", 7);         /* supported_versions: TLS 1.3 */
  at = put(at, "\x00\x0a\x00\x04\x00\x02\x00\x1d", 8);     /* supported_groups: x25519 */
  at = put(at, "\x00\x0d\x00\x04\x00\x02\x04\x03", 8);     /* signature_algorithms: ecdsa_secp256r1_sha256 */
  at = put(at, names, sizeof names - 1);                   /* application_layer_protocol_negotiation */
  at = put(at, "\x00\x33\x00\x26\x00\x24\x00\x1d\x00\x20", 10); /* key_share */
  at = put(at, public_key, 32);
  put_number(extensions, at - extensions - 2, 2);
  client_hello_length = at - client_hello;
  put_number(put(client_hello, "\x16\x03\x01", 3), client_hello_length - header_size, 2);
  put_number(client_hello + header_size, 1, 1);
  put_number(client_hello + header_size + 1, client_hello_length - header_size - 4, 3);
  SHA256_Init(&after_client_hello);
  SHA256_Update(&after_client_hello, client_hello + header_size, client_hello_length - header_size);
}

void tls_prepare(void) {
  unsigned char zeros[hash_size] = {0}, early_secret[hash_size], public_key[32];
  size_t length = sizeof public_key;
  aes = EVP_CIPHER_fetch(NULL, "AES-128-GCM", NULL);
  seals = EVP_CIPHER_CTX_new();
  opens = EVP_CIPHER_CTX_new();
  need(aes && EVP_EncryptInit_ex(seals, aes, NULL, NULL, NULL) == 1, "AES-128-GCM");
  need(EVP_DecryptInit_ex(opens, aes, NULL, NULL, NULL) == 1, "AES-128-GCM");
  EVP_PKEY *pair = EVP_PKEY_Q_keygen(NULL, NULL, "X25519");
  need(pair && EVP_PKEY_get_raw_public_key(pair, public_key, &length) == 1, "X25519");
  agreement = EVP_PKEY_CTX_new(pair, NULL);
  need(EVP_PKEY_derive_init(agreement) == 1, "X25519");
  make_client_hello(public_key);
  SHA256(NULL, 0, empty_hash);
  hmac(zeros, hash_size, zeros, hash_size, early_secret);
  expand(early_secret, "derived", empty_hash, derived_from_nothing, hash_size);
}

struct tls_identity *tls_load(const char *certificate_file, const char *key_file) {
  struct tls_identity *identity = calloc(1, sizeof *identity);
  FILE *pem = fopen(certificate_file, "r");
  need(pem != NULL, certificate_file);
  /* 4.4.2: no context, entries without extensions. */
  unsigned char *list = identity->certificate + 4 + 1 + 3, *at = list;
  for (X509 *one; (one = PEM_read_X509(pem, NULL, NULL, NULL)) != NULL; X509_free(one)) {
    int length = i2d_X509(one, NULL);
    need(length > 0 && at + 3 + length + 2 <= identity->certificate + sizeof identity->certificate, certificate_file);
    at = put_number(at, length, 3);
    i2d_X509(one, &at);
    at = put_number(at, 0, 2);
  }
  fclose(pem);
  identity->certificate_length = at - identity->certificate;
  identity->certificate[0] = certificate;
  put_number(identity->certificate + 1, identity->certificate_length - 4, 3);
  put_number(identity->certificate + 5, at - list, 3);
  pem = fopen(key_file, "r");
  need(pem != NULL, key_file);
  EVP_PKEY *key = PEM_read_PrivateKey(pem, NULL, NULL, NULL);
  fclose(pem);
  need(key != NULL, key_file);
  identity->signer = EVP_PKEY_CTX_new(key, NULL);
  need(EVP_PKEY_sign_init(identity->signer) == 1, key_file);
  need(EVP_PKEY_CTX_set_signature_md(identity->signer, EVP_sha256()) == 1, key_file);
  return identity;
}

const unsigned char *tls_client_hello(int *length) {
  *length = client_hello_length;
  return client_hello;
}

void tls_begin(struct tls *tls, const struct tls_identity *identity) {
  tls->identity = identity;
  tls->state = awaits_hello;
  tls->transcript = after_client_hello;
  tls->in_length = tls->flight_length = 0;
}

/* The server's key share in a ServerHello's body, or NULL. */
static const unsigned char *server_share(const unsigned char *body, int length) {
  int at = 2 + 32;
  if (length < at + 1) return NULL;
  at += 1 + body[at] + 2 + 1 + 2;
  for (; at + 4 <= length; at += 4 + number(body + at + 2, 2)) {
    int fits = number(body + at + 2, 2) == 36 && at + 4 + 36 <= length;
    if (number(body + at, 2) == key_share && fits && number(body + at + 4, 2) == x25519) return body + at + 8;
  }
  return NULL;
}

static int take_server_hello(struct tls *tls, const unsigned char *message, int length) {
  unsigned char shared[32], hash[hash_size];
  size_t shared_length = sizeof shared;
  const unsigned char *share = length > 4 && message[0] == server_hello ? server_share(message + 4, length - 4) : NULL;
  if (share == NULL) return 0;
  EVP_PKEY *peer = EVP_PKEY_new_raw_public_key(EVP_PKEY_X25519, NULL, share, 32);
  int agreed = EVP_PKEY_derive_set_peer(agreement, peer) == 1 && EVP_PKEY_derive(agreement, shared, &shared_length) == 1;
  EVP_PKEY_free(peer);
  if (!agreed) return 0;
  SHA256_Update(&tls->transcript, message, length);
  transcript_hash(tls, hash);
  hmac(derived_from_nothing, hash_size, shared, sizeof shared, tls->handshake_secret);
  set_secret(&tls->writes, tls->handshake_secret, "c hs traffic", hash);
  set_secret(&tls->reads, tls->handshake_secret, "s hs traffic", hash);
  tls->state = awaits_flight;
  return 1;
}

/* 4.4.3 */
static int make_certificate_verify(const struct tls *tls, unsigned char *message) {
  static const char context[] = "TLS 1.3, client CertificateVerify";
  unsigned char content[64 + sizeof context + hash_size], digest[hash_size];
  size_t length = 80;
  memset(content, ' ', 64);
  transcript_hash(tls, put(content + 64, context, sizeof context));
  SHA256(content, sizeof content, digest);
  if (EVP_PKEY_sign(tls->identity->signer, message + 8, &length, digest, sizeof digest) != 1) return 0;
  put_number(message, certificate_verify, 1);
  put_number(message + 1, 4 + length, 3);
  put_number(put(message + 4, "\x04\x03", 2), length, 2);
  return 8 + length;
}

static int make_finished(const struct tls *tls, unsigned char *message) {
  unsigned char key[hash_size], hash[hash_size];
  expand(tls->writes.secret, "finished", NULL, key, sizeof key);
  transcript_hash(tls, hash);
  put_number(put_number(message, finished, 1), hash_size, 3);
  hmac(key, sizeof key, hash, sizeof hash, message + 4);
  return 4 + hash_size;
}

/* What the client says last, and the keys of what comes then. */
static int finish(struct tls *tls, int socket) {
  unsigned char messages[8192], record[8192 + 64], hash[hash_size], derived[hash_size], master[hash_size];
  unsigned char zeros[hash_size] = {0}, *at = messages;
  transcript_hash(tls, hash);
  at = put(at, tls->identity->certificate, tls->identity->certificate_length);
  SHA256_Update(&tls->transcript, messages, at - messages);
  int length = make_certificate_verify(tls, at);
  if (length == 0) return 0;
  SHA256_Update(&tls->transcript, at, length);
  at += length;
  at += make_finished(tls, at);
  int size = seal(&tls->writes, handshake, messages, at - messages, record) - record;
  if (send(socket, record, size, MSG_MORE) != size) return 0;
  expand(tls->handshake_secret, "derived", empty_hash, derived, sizeof derived);
  hmac(derived, sizeof derived, zeros, sizeof zeros, master);
  set_secret(&tls->writes, master, "c ap traffic", hash);
  set_secret(&tls->reads, master, "s ap traffic", hash);
  tls->state = is_connected;
  return 1;
}

/* Handshake bytes from a protected record; 1 once the server's flight is whole, -1 when it can't be one. */
static int take_flight(struct tls *tls, const unsigned char *bytes, int length) {
  if (tls->flight_length + length > tls_most_flight) return -1;
  memcpy(tls->flight + tls->flight_length, bytes, length);
  tls->flight_length += length;
  int at = 0;
  while (tls->flight_length - at >= 4) {
    int size = 4 + number(tls->flight + at + 1, 3);
    if (tls->flight_length - at < size) break;
    SHA256_Update(&tls->transcript, tls->flight + at, size);
    if (tls->flight[at] == finished) return 1;
    at += size;
  }
  tls->flight_length -= at;
  memmove(tls->flight, tls->flight + at, tls->flight_length);
  return 0;
}

/* One record of `length` bytes at the start of `in`; tls_wait when it has nothing for the caller. */
static int take_record(struct tls *tls, int socket, int length, unsigned char *plain, int room) {
  int type = tls->in[0];
  if (type == change_cipher_spec) return tls_wait;
  if (tls->state == awaits_hello) {
    int fine = type == handshake && take_server_hello(tls, tls->in + header_size, length - header_size);
    return fine ? tls_wait : tls_broken;
  }
  int size = type == application_data ? unseal(&tls->reads, tls->in, length, &type) : -1;
  if (size < 0) return tls_broken;
  const unsigned char *body = tls->in + header_size;
  if (type == alert) return size == 2 && body[1] == 0 ? tls_closed : tls_broken;
  if (tls->state == awaits_flight) {
    int whole = type == handshake ? take_flight(tls, body, size) : -1;
    if (whole == 1) return finish(tls, socket) ? tls_connected : tls_broken;
    return whole == 0 ? tls_wait : tls_broken;
  }
  /* A NewSessionTicket is of no use here. */
  if (type != application_data) return tls_wait;
  if (size > room) return tls_broken;
  memcpy(plain, body, size);
  return size > 0 ? size : tls_wait;
}

int tls_read(struct tls *tls, int socket, unsigned char *plain, int room) {
  for (;;) {
    while (tls->in_length >= header_size) {
      int length = header_size + number(tls->in + 3, 2);
      if (length > tls_most_record) return tls_broken;
      if (tls->in_length < length) break;
      int result = take_record(tls, socket, length, plain, room);
      tls->in_length -= length;
      memmove(tls->in, tls->in + length, tls->in_length);
      if (result != tls_wait) return result;
    }
    ssize_t got = recv(socket, tls->in + tls->in_length, sizeof tls->in - tls->in_length, 0);
    if (got < 0 && errno == EAGAIN) return tls_wait;
    if (got <= 0) return tls_broken;
    tls->in_length += got;
  }
}

int tls_write(struct tls *tls, int socket, const unsigned char *plain, int length) {
  unsigned char record[tls_most_record];
  int size = seal(&tls->writes, application_data, plain, length, record) - record;
  return send(socket, record, size, 0) == size;
}

int tls_close_notify(struct tls *tls, int socket) {
  unsigned char record[64];
  int size = seal(&tls->writes, alert, (const unsigned char *)"\x01\x00", 2, record) - record;
  return send(socket, record, size, 0) == size;
}
