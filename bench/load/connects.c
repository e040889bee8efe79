/*
 * Connects over mutual TLS 1.3 as often as it can, in one process that costs little beside what the server does:
 *
 *     connects ADDRESS PORT DIRECTORY IDENTITIES SECONDS AT_ONCE answers|handshakes|FRAME
 *
 * Identity N uses DIRECTORY/load-N.crt and .key. answers: one ClientHello is sent again and again, and counts when the
 * server's flight begins to arrive, which takes the server a key agreement and a signature and this end nearly nothing.
 * handshakes: one counts when the server has ended it after the client's close_notify. FRAME is a HELLO in hexadecimal: a
 * session counts when its WELCOME begins to arrive. Prints {"done": n, "failed": n, "cpu_ms": t}.
 *
 * cc -O2 -o connects connects.c tls-client.c -lcrypto
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "tls-client.h"

enum { most_identities = 64, most_at_once = 512, most_hello = 2048 };
static enum { answers, handshakes, sessions } wanted;
/* frameType.welcome of src/daemon/link/frame.ts. */
static const unsigned char welcome_type = 0x02;

struct connection {
  int fd;
  enum { connecting, shaking, greeting, ending } state;
  struct tls tls;
};

static struct tls_identity *loaded[most_identities];
static struct connection connections[most_at_once];
static struct sockaddr_in server;
/* A HELLO frame. */
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

static struct tls_identity *load(const char *directory, int identity) {
  char crt[512], key[512];
  snprintf(crt, sizeof crt, "%s/load-%d.crt", directory, identity);
  snprintf(key, sizeof key, "%s/load-%d.key", directory, identity);
  return tls_load(crt, key);
}

static void begin(struct connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) die("socket");
  int on = 1;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  if (connect(c->fd, (struct sockaddr *)&server, sizeof server) < 0 && errno != EINPROGRESS) die("connect");
  c->state = connecting;
  tls_begin(&c->tls, loaded[next_identity++ % identities]);
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
  close(c->fd);
  begin(c);
}

static void await_answer(struct connection *c) {
  unsigned char record[4096];
  ssize_t got = read(c->fd, record, sizeof record);
  /* A handshake record, not an alert (RFC 8446, 5.1). */
  if (got >= 0 || errno != EAGAIN) finish(c, got > 0 && record[0] == 22);
}

/* As far as it goes now. */
static void proceed(struct connection *c) {
  unsigned char bytes[4096];
  if (c->state == connecting) {
    int length;
    const unsigned char *first = tls_client_hello(&length);
    if (write(c->fd, first, length) != length) {
      if (errno != EAGAIN && errno != ENOTCONN) finish(c, 0);
      return;
    }
    c->state = shaking;
  }
  if (wanted == answers) return await_answer(c);
  for (;;) {
    int got = tls_read(&c->tls, c->fd, bytes, sizeof bytes);
    if (got == tls_wait) return;
    if (got == tls_connected) {
      int sent = wanted == sessions ? tls_write(&c->tls, c->fd, hello, hello_length) : tls_close_notify(&c->tls, c->fd);
      if (!sent) return finish(c, 0);
      c->state = wanted == sessions ? greeting : ending;
      continue;
    }
    /* A refusal comes as an alert; close_notify is the answer to ours. */
    return finish(c, got > 0 ? c->state == greeting && bytes[0] == welcome_type : got == tls_closed && c->state == ending);
  }
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
  tls_prepare();
  for (int i = 0; i < identities; i++) loaded[i] = load(arguments[3], i);
  wanted = strcmp(arguments[7], "answers") == 0 ? answers : strcmp(arguments[7], "handshakes") == 0 ? handshakes : sessions;
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
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  double cpu_ms = (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * 1e3 + (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e3;
  printf("{\"done\": %ld, \"failed\": %ld, \"cpu_ms\": %.0f}\n", done, failed, cpu_ms);
  return 0;
}
