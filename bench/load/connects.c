/*
 * Connects over mutual TLS 1.3 as often as it can, in one process that costs little beside what the server does:
 *
 *     connects ADDRESS PORT DIRECTORY IDENTITIES SECONDS AT_ONCE answers|handshakes|FRAME
 *
 * Identity N uses DIRECTORY/load-N.crt and .key. answers: one ClientHello is sent again and again, and counts when the
 * server's flight begins to arrive, which takes the server a key agreement and a signature and this end nearly nothing.
 * handshakes: one counts when the server has ended it after the client's close_notify. FRAME is a HELLO in hexadecimal: a
 * session counts when its WELCOME begins to arrive. Prints {"done": n, "failed": n}. The server is not verified.
 *
 * cc -O2 -o connects connects.c -lssl -lcrypto
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { most_identities = 64, most_at_once = 512, most_hello = 2048 };
static enum { answers, handshakes, sessions } wanted;
/* frameType.welcome of src/daemon/link/frame.ts. */
static const unsigned char welcome_type = 0x02;

struct connection {
  int fd;
  SSL *ssl;
  enum { connecting, greeting, ending } state;
};

static SSL_CTX *contexts[most_identities];
static struct connection connections[most_at_once];
static struct sockaddr_in server;
/* A ClientHello, or a HELLO frame. */
static unsigned char hello[most_hello];
static int identities, hello_length, next_identity, poller;
static long done, failed;

static void die(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec + time.tv_nsec / 1e9;
}

static SSL_CTX *context(const char *directory, int identity) {
  char crt[512], key[512];
  snprintf(crt, sizeof crt, "%s/load-%d.crt", directory, identity);
  snprintf(key, sizeof key, "%s/load-%d.key", directory, identity);
  SSL_CTX *made = SSL_CTX_new(TLS_client_method());
  SSL_CTX_set_min_proto_version(made, TLS1_3_VERSION);
  SSL_CTX_set_alpn_protos(made, (const unsigned char *)"\x0csssonector/1", 13);
  SSL_CTX_set_session_cache_mode(made, SSL_SESS_CACHE_OFF);
  /* Fewer choices are less work for this end; these are what the server takes first. */
  SSL_CTX_set_ciphersuites(made, "TLS_AES_128_GCM_SHA256");
  SSL_CTX_set1_groups_list(made, "X25519");
  SSL_CTX_set1_sigalgs_list(made, "ECDSA+SHA256");
  if (SSL_CTX_use_certificate_chain_file(made, crt) != 1) die(crt);
  if (SSL_CTX_use_PrivateKey_file(made, key, SSL_FILETYPE_PEM) != 1) die(key);
  return made;
}

static void begin(struct connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) die("connect");
  c->state = connecting;
  if (wanted != answers) {
    c->ssl = SSL_new(contexts[next_identity++ % identities]);
    SSL_set_fd(c->ssl, c->fd);
    SSL_set_connect_state(c->ssl);
  }
  struct epoll_event event = {.events = EPOLLIN | EPOLLOUT | EPOLLET, .data.ptr = c};
  if (epoll_ctl(poller, EPOLL_CTL_ADD, c->fd, &event) < 0) die("epoll_ctl");
}

static void finish(struct connection *c, int ok) {
  if (ok) done += 1;
  else failed += 1;
  if (wanted != handshakes) {
    /* No TIME_WAIT: the server has all that it needs. */
    struct linger none = {1, 0};
    setsockopt(c->fd, SOL_SOCKET, SO_LINGER, &none, sizeof none);
  }
  SSL_free(c->ssl);
  close(c->fd);
  begin(c);
}

static void await_answer(struct connection *c) {
  unsigned char record[4096];
  if (c->state == connecting) {
    if (write(c->fd, hello, hello_length) != hello_length) {
      if (errno != EAGAIN && errno != ENOTCONN) finish(c, 0);
      return;
    }
    c->state = greeting;
  }
  ssize_t got = read(c->fd, record, sizeof record);
  /* A handshake record, not an alert (RFC 8446, 5.1). */
  if (got >= 0 || errno != EAGAIN) finish(c, got > 0 && record[0] == 22);
}

/* As far as it goes now. */
static void proceed(struct connection *c) {
  unsigned char bytes[4096];
  if (wanted == answers) return await_answer(c);
  /* SSL_get_error goes by what lies in the thread's queue, also of another connection. */
  ERR_clear_error();
  if (c->state == connecting) {
    int result = SSL_do_handshake(c->ssl);
    if (result != 1) {
      int error = SSL_get_error(c->ssl, result);
      if (error != SSL_ERROR_WANT_READ && error != SSL_ERROR_WANT_WRITE) finish(c, 0);
      return;
    }
    if (wanted == sessions) SSL_write(c->ssl, hello, hello_length);
    else SSL_shutdown(c->ssl);
    c->state = wanted == sessions ? greeting : ending;
  }
  int got = SSL_read(c->ssl, bytes, sizeof bytes);
  if (got > 0 && c->state == greeting) return finish(c, bytes[0] == welcome_type);
  if (got > 0) return proceed(c);
  int error = SSL_get_error(c->ssl, got);
  if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return;
  /* A refusal comes as an alert; close_notify is the answer to ours. */
  finish(c, c->state == ending && error == SSL_ERROR_ZERO_RETURN);
}

/* What a client says first. */
static void make_client_hello(void) {
  SSL *ssl = SSL_new(contexts[0]);
  BIO *out = BIO_new(BIO_s_mem());
  SSL_set_bio(ssl, BIO_new(BIO_s_mem()), out);
  SSL_set_connect_state(ssl);
  SSL_do_handshake(ssl);
  hello_length = BIO_read(out, hello, most_hello);
  SSL_free(ssl);
}

static void read_frame(const char *text) {
  hello_length = strlen(text) / 2;
  if (hello_length > most_hello) exit(2);
  for (int i = 0; i < hello_length; i++) sscanf(text + 2 * i, "%2hhx", &hello[i]);
}

int main(int count, char **arguments) {
  if (count != 8) return 2;
  server.sin_family = AF_INET;
  server.sin_port = htons(atoi(arguments[2]));
  if (inet_pton(AF_INET, arguments[1], &server.sin_addr) != 1) return 2;
  identities = atoi(arguments[4]);
  double seconds = atof(arguments[5]);
  int at_once = atoi(arguments[6]);
  if (identities < 1 || identities > most_identities || at_once < 1 || at_once > most_at_once) return 2;
  for (int i = 0; i < identities; i++) contexts[i] = context(arguments[3], i);
  wanted = strcmp(arguments[7], "answers") == 0 ? answers : strcmp(arguments[7], "handshakes") == 0 ? handshakes : sessions;
  if (wanted == answers) make_client_hello();
  if (wanted == sessions) read_frame(arguments[7]);
  signal(SIGPIPE, SIG_IGN);
  poller = epoll_create1(0);
  double end = now() + seconds;
  for (int i = 0; i < at_once; i++) begin(&connections[i]);
  struct epoll_event events[64];
  while (now() < end) {
    int ready = epoll_wait(poller, events, 64, 100);
    for (int i = 0; i < ready; i++) proceed(events[i].data.ptr);
  }
  printf("{\"done\": %ld, \"failed\": %ld}\n", done, failed);
  return 0;
}
