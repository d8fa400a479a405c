// TensorFlow's framework library greets on stderr while it is being loaded, before any setting of its logger is read.
// This addon of Node, loaded before the binding, loads that library with stderr pointing nowhere and puts stderr back.
// What goes wrong meanwhile is no log line but an error of the dynamic loader, which loading the binding reports.
#include <dlfcn.h>
#include <fcntl.h>
#include <unistd.h>

extern "C" void* napi_register_module_v1(void*, void* exports) {
  const int kept = dup(STDERR_FILENO);
  const int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
  if (kept >= 0 && nowhere >= 0) dup2(nowhere, STDERR_FILENO);
  dlopen("libtensorflow_framework.so.2", RTLD_LAZY | RTLD_LOCAL);
  if (kept >= 0) dup2(kept, STDERR_FILENO);
  if (kept >= 0) close(kept);
  if (nowhere >= 0) close(nowhere);
  return exports;
}
