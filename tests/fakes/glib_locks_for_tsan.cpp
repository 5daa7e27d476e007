// SPDX-License-Identifier: LGPL-2.1-or-later
// Tells ThreadSanitizer of the locks of a GLib that was built without it, which are futexes of its
// own: linked into a test, these take the place of GLib's functions for all but GLib itself, and
// call them. What is counted by references is handed on by whoever gives one back.
#include <glib-object.h>
#include <gst/gst.h>

#include <dlfcn.h>

#pragma GCC visibility push(default)
extern "C" {

void __tsan_acquire(void* address);
void __tsan_release(void* address);

#define REAL(name) \
  static const auto real = reinterpret_cast<decltype(&name)>(dlsym(RTLD_NEXT, #name))

#define LOCK(name, type)  \
  void name(type* lock) { \
    REAL(name);           \
    real(lock);           \
    __tsan_acquire(lock); \
  }
#define TRYLOCK(name, type)          \
  gboolean name(type* lock) {        \
    REAL(name);                      \
    const gboolean got = real(lock); \
    if (got)                         \
      __tsan_acquire(lock);          \
    return got;                      \
  }
#define UNLOCK(name, type) \
  void name(type* lock) {  \
    REAL(name);            \
    __tsan_release(lock);  \
    real(lock);            \
  }
#define UNREF(name, type)   \
  void name(type object) {  \
    REAL(name);             \
    __tsan_release(object); \
    __tsan_acquire(object); \
    real(object);           \
  }

LOCK(g_mutex_lock, GMutex)
TRYLOCK(g_mutex_trylock, GMutex)
UNLOCK(g_mutex_unlock, GMutex)
LOCK(g_rec_mutex_lock, GRecMutex)
TRYLOCK(g_rec_mutex_trylock, GRecMutex)
UNLOCK(g_rec_mutex_unlock, GRecMutex)
LOCK(g_rw_lock_reader_lock, GRWLock)
UNLOCK(g_rw_lock_reader_unlock, GRWLock)
LOCK(g_rw_lock_writer_lock, GRWLock)
UNLOCK(g_rw_lock_writer_unlock, GRWLock)
UNREF(g_object_unref, gpointer)
UNREF(gst_object_unref, gpointer)
UNREF(gst_mini_object_unref, GstMiniObject*)

void g_cond_wait(GCond* condition, GMutex* mutex) {
  REAL(g_cond_wait);
  __tsan_release(mutex);
  real(condition, mutex);
  __tsan_acquire(mutex);
}

gboolean g_cond_wait_until(GCond* condition, GMutex* mutex, gint64 end) {
  REAL(g_cond_wait_until);
  __tsan_release(mutex);
  const gboolean woken = real(condition, mutex, end);
  __tsan_acquire(mutex);
  return woken;
}

}  // extern "C"
#pragma GCC visibility pop
