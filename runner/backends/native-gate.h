// What ReLU and 2×2 max-pooling let through, on the way forward and back.
#pragma once
#include "native-vector.h"

namespace parapet {

// What lets a gradient through. kMask: a float that is positive. kWinners: a byte that says which of the 2×2 cells of a
// window was the largest; the gradient is that of the windows, and their other cells get 0.
enum Gate { kOpen, kMask, kWinners };

// Which cell of a window was the largest, in reading order: 0 to 3, or kNobody where none is positive.
constexpr int32_t kNobody = 4;

// Bytes that the winners of a place take, one for each channel: as many as whole numbers of 32 bits have.
inline int64_t bytes_of(int64_t channels) { return (channels + 3) / 4 * 4; }

template <int kLanes>
INLINE auto load_bytes(const uint8_t* from, int64_t count) {
  typename Vector<kLanes>::bytes bytes = {};
  if (count >= kLanes) {
    bytes = *reinterpret_cast<const typename Vector<kLanes>::bytes_anywhere*>(from);
  } else {
    for (int64_t i = 0; i < count; i++) bytes[i] = from[i];
  }
  return __builtin_convertvector(bytes, typename Vector<kLanes>::ints);
}

template <int kLanes>
INLINE void store_bytes(uint8_t* to, typename Vector<kLanes>::ints values, int64_t count) {
  const auto bytes = __builtin_convertvector(values, typename Vector<kLanes>::bytes);
  if (count >= kLanes) {
    *reinterpret_cast<typename Vector<kLanes>::bytes_anywhere*>(to) = bytes;
  } else {
    for (int64_t i = 0; i < count; i++) to[i] = bytes[i];
  }
}

// The largest of four cells and which it was: of equal cells the first.
template <int kLanes>
INLINE auto pool(const typename Vector<kLanes>::type (&cells)[4], typename Vector<kLanes>::type* largest) {
  using Ints = typename Vector<kLanes>::ints;
  Ints winner = {};
  auto value = cells[0];
#pragma GCC unroll 3
  for (int i = 1; i < 4; i++) {
    winner = cells[i] > value ? Ints{} + i : winner;
    value = cells[i] > value ? cells[i] : value;
  }
  *largest = value;
  return value > 0.0f ? winner : Ints{} + kNobody;
}

}  // namespace parapet
