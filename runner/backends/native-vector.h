// Vectors of as many floats as fit a register, and products of small matrices on them.
#pragma once
#include "native-common.h"

namespace parapet {

template <int kLanes>
struct Vector {
  typedef float type __attribute__((vector_size(kLanes * 4)));
  typedef float anywhere __attribute__((vector_size(kLanes * 4), aligned(4), may_alias));
  typedef int32_t ints __attribute__((vector_size(kLanes * 4)));
  typedef uint8_t bytes __attribute__((vector_size(kLanes)));
  typedef uint8_t bytes_anywhere __attribute__((vector_size(kLanes), aligned(1), may_alias));
};

// Blocking for a width of vectors: panels of kPanel output channels times kRows tiles fit the registers.
template <int kLanes>
struct Blocking {
  static constexpr int kParts = 2, kPanel = kParts * kLanes, kRows = kLanes == 16 ? 14 : 6;
  static constexpr int kTiles = kLanes == 16 ? 14 : 12;
};
inline int64_t round_up(int64_t n, int64_t step) { return (n + step - 1) / step * step; }

template <int kLanes>
INLINE auto load(const float* from) {
  return *reinterpret_cast<const typename Vector<kLanes>::anywhere*>(from);
}
template <int kLanes>
INLINE void store(float* to, typename Vector<kLanes>::type value) {
  *reinterpret_cast<typename Vector<kLanes>::anywhere*>(to) = value;
}
template <int kLanes>
INLINE auto load_first(const float* from, int64_t count) {
  float values[kLanes] = {};
  for (int64_t i = 0; i < count; i++) values[i] = from[i];
  return load<kLanes>(values);
}
template <int kLanes>
INLINE void store_first(float* to, typename Vector<kLanes>::type value, int64_t count) {
  float values[kLanes];
  store<kLanes>(values, value);
  for (int64_t i = 0; i < count; i++) to[i] = values[i];
}

// m[kRows][kPanel] = v · u: the sum over all input channels, in their order. v holds kChunk channels of each row
// together.
template <int kLanes, int kRows, int kChunk>
INLINE void multiply(const float* v, int64_t chunk_stride, const float* u, int64_t in_channels, float* m) {
  using V = typename Vector<kLanes>::type;
  constexpr int kParts = Blocking<kLanes>::kParts, kPanel = Blocking<kLanes>::kPanel;
  V sum[kRows][kParts] = {};
  for (int64_t first = 0; first < in_channels; first += kChunk, v += chunk_stride) {
    const int64_t count = std::min<int64_t>(kChunk, in_channels - first);
    for (int64_t k = 0; k < count; k++, u += kPanel) {
      V weights[kParts];
#pragma GCC unroll 4
      for (int part = 0; part < kParts; part++) weights[part] = load<kLanes>(u + part * kLanes);
#pragma GCC unroll 16
      for (int row = 0; row < kRows; row++) {
        const float value = v[row * kChunk + k];
#pragma GCC unroll 4
        for (int part = 0; part < kParts; part++) sum[row][part] += value * weights[part];
      }
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 4
    for (int part = 0; part < kParts; part++) store<kLanes>(m + row * kPanel + part * kLanes, sum[row][part]);
  }
}

}  // namespace parapet
