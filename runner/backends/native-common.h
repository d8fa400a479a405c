// What the ops of ours share: shapes, the split of a batch among threads, and memory that is used again.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

// The work is written once and compiled for several sets of instructions.
#define INLINE __attribute__((always_inline)) inline
#define WITH_AVX2 __attribute__((target("avx2,fma")))
#define WITH_AVX512 __attribute__((target("avx512f,avx512dq,avx512vl,avx512bw,avx2,fma")))

namespace parapet {

inline bool has_avx2() { return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"); }
inline bool has_avx512() {
  return has_avx2() && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512bw");
}

// How many floats the widest vectors of this processor hold: 16, 8 or 4, and no more than PARAPET_VECTOR_FLOATS says.
inline int vector_floats() {
  const char* wanted = std::getenv("PARAPET_VECTOR_FLOATS");
  const int most = wanted == nullptr || *wanted == 0 ? 16 : std::atoi(wanted);
  return most >= 16 && has_avx512() ? 16 : most >= 8 && has_avx2() ? 8 : 4;
}

// Window or filter, strides, padding and sizes: the attribute `geometry` of every op.
struct Geometry {
  int32_t window_height, window_width, stride_height, stride_width, pad_top, pad_left;
  int32_t in_height, in_width, out_height, out_width;
};

struct Shape {
  int64_t batch = 0, height = 0, width = 0, channels = 0;
  int64_t image() const { return height * width * channels; }
  bool operator==(const Shape& other) const {
    return batch == other.batch && height == other.height && width == other.width && channels == other.channels;
  }
};

inline int64_t thread_count() {
  const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int64_t threads = wanted == nullptr ? 0 : std::atoll(wanted);
  return threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

// Calls work(first, end) for ranges of items, each range on a thread of its own.
template <typename Work>
void share(int64_t items, int64_t floats, const Work& work) {
  // Below some tens of thousands of values starting a thread costs more than it saves.
  const int64_t threads = std::min({items, thread_count(), std::max<int64_t>(1, floats >> 16)});
  std::vector<std::thread> others;
  for (int64_t i = 1; i < threads; i++) others.emplace_back(work, items * i / threads, items * (i + 1) / threads);
  work(0, items / threads);
  for (auto& other : others) other.join();
}

// Memory on a cache line's boundary that goes back to a list: fresh pages would cost more than some calls take.
class Scratch {
 public:
  explicit Scratch(int64_t floats) {
    std::lock_guard<std::mutex> guard(lock());
    auto& list = free_list();
    for (size_t i = 0; i < list.size(); i++) {
      if (list[i].floats < floats || list[i].floats > 4 * floats) continue;
      block_ = list[i];
      list.erase(list.begin() + i);
      return;
    }
    block_ = {static_cast<float*>(std::aligned_alloc(64, (floats * sizeof(float) + 63) / 64 * 64)), floats};
    if (block_.values == nullptr) throw std::bad_alloc();
  }
  ~Scratch() {
    std::lock_guard<std::mutex> guard(lock());
    auto& list = free_list();
    list.push_back(block_);
    if (list.size() <= kMost) return;
    std::free(list.front().values);
    list.erase(list.begin());
  }
  Scratch(const Scratch&) = delete;
  float* get() const { return block_.values; }

 private:
  struct Block {
    float* values;
    int64_t floats;
  };
  static constexpr size_t kMost = 64;
  static std::mutex& lock() {
    static std::mutex mutex;
    return mutex;
  }
  static std::vector<Block>& free_list() {
    static auto* list = new std::vector<Block>();
    return *list;
  }
  Block block_;
};

}  // namespace parapet
