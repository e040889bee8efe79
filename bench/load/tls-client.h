/*
 * The client's side of TLS 1.3 (RFC 8446) for a load generator: one cipher suite, one group, one signature algorithm, the
 * same ClientHello each time. A handshake costs it a key agreement, a signature and little else, a third of what OpenSSL's
 * client takes. It verifies nothing that the server says, so it protects nothing.
 */
#ifndef TLS_CLIENT_H
#define TLS_CLIENT_H

/* OpenSSL 3 calls SHA256_Init and its like deprecated; what replaces them takes longer to look up than to run. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>
#include <stdint.h>

enum {
  /* The most that a record may have with its header (5.2), and so many bytes of the server's flight. */
  tls_most_record = 5 + 16384 + 256,
  tls_most_flight = 8192,
};

/* What tls_read says instead of a length. */
enum { tls_closed = 0, tls_wait = -1, tls_broken = -2, tls_connected = -3 };

/* A certificate and its ECDSA P-256 key. */
struct tls_identity;

struct tls_direction {
  unsigned char secret[32], key[16], iv[12];
  uint64_t sequence;
};

struct tls {
  const struct tls_identity *identity;
  enum { awaits_hello, awaits_flight, is_connected } state;
  SHA256_CTX transcript;
  unsigned char handshake_secret[32];
  struct tls_direction reads, writes;
  unsigned char in[tls_most_record], flight[tls_most_flight];
  int in_length, flight_length;
};

/* Before anything else. */
void tls_prepare(void);

/* From PEM files; ends the process when they can't be read. */
struct tls_identity *tls_load(const char *certificate, const char *key);

/* The record that a connection begins with, which the caller sends. */
const unsigned char *tls_client_hello(int *length);

void tls_begin(struct tls *tls, const struct tls_identity *identity);

/*
 * Reads until there is something to say: tls_connected once, when the client's last flight was sent; then the bytes of one
 * record; tls_closed at close_notify; tls_wait when there is no more for now.
 */
int tls_read(struct tls *tls, int socket, unsigned char *plain, int room);

/* Sends one record of at most 16,384 bytes; 0 when the socket does not take it. */
int tls_write(struct tls *tls, int socket, const unsigned char *plain, int length);

int tls_close_notify(struct tls *tls, int socket);

#endif
