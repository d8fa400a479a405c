// The gradient of a 3×3 filter by Winograd's minimal filtering, F(3×3, 4×4): dy is cut into tiles of 4×4, each of which
// takes 36 multiplications for each pair of channels in the place of 144.
//
//   dW = Aᵀ [ Σ (Bᵀ d B) ⊙ (G dy Gᵀ) ] A,   summed over all tiles of all images: one product of matrices for each place
//
// The images are summed in groups of a fixed size and the groups in their order, so that the threads change nothing.
#pragma once
#include "native-winograd.h"

namespace parapet {

constexpr int64_t kGroup = 16;    // images
constexpr int kGradientTiles = 24;  // that are transformed before they are multiplied

// G dy Gᵀ of one tile for kLanes channels.
template <int kLanes, bool kWhole, Gate kGate>
INLINE void transform_gradient(const Cells<kOut, kGate>& cells, int64_t channel, int64_t count, float* w,
                               int64_t stride) {
  using V = typename Vector<kLanes>::type;
  V d[kSide], t[kSide * kOut];
#pragma GCC unroll 4
  for (int column = 0; column < kOut; column++) {
#pragma GCC unroll 4
    for (int row = 0; row < kOut; row++) {
      d[row] = cells.template load<kLanes, kWhole>(row * kOut + column, channel, count);
    }
    Minimal::gradient(d, 1, t + column, kOut);
  }
#pragma GCC unroll 6
  for (int row = 0; row < kSide; row++) {
    Minimal::gradient(t + row * kOut, 1, d, 1);
#pragma GCC unroll 6
    for (int column = 0; column < kSide; column++) store<kLanes>(w + (row * kSide + column) * stride, d[column]);
  }
}

// m[kRows][kPanel] (+)= vᵀ · w, summed over the tiles.
template <int kLanes, int kRows>
INLINE void multiply_tiles(const float* v, const float* w, int64_t tiles, float* m, int64_t stride, bool add) {
  using V = typename Vector<kLanes>::type;
  constexpr int kParts = Blocking<kLanes>::kParts, kPanel = Blocking<kLanes>::kPanel;
  V sum[kRows][kParts] = {};
  for (int64_t tile = 0; tile < tiles; tile++, v += kChunk, w += kPanel) {
    V right[kParts];
#pragma GCC unroll 4
    for (int part = 0; part < kParts; part++) right[part] = load<kLanes>(w + part * kLanes);
#pragma GCC unroll 16
    for (int row = 0; row < kRows; row++) {
      const float value = v[row];
#pragma GCC unroll 4
      for (int part = 0; part < kParts; part++) sum[row][part] += value * right[part];
    }
  }
#pragma GCC unroll 16
  for (int row = 0; row < kRows; row++) {
#pragma GCC unroll 4
    for (int part = 0; part < kParts; part++) {
      float* to = m + row * stride + part * kLanes;
      store<kLanes>(to, add ? load<kLanes>(to) + sum[row][part] : sum[row][part]);
    }
  }
}

// The filter's gradient of the images first … end − 1, into dw [9][in channels][columns].
template <int kLanes, Gate kGate>
INLINE void filter_gradient(const Convolution& c, const float* x, const float* dy, const void* gate, float* dw,
                            int64_t first, int64_t end) {
  using V = typename Vector<kLanes>::type;
  using B = Blocking<kLanes>;
  constexpr int kRows = kLanes == 16 ? 8 : 4, kTiles = kGradientTiles;
  const int64_t tile_rows = round_up(c.out_height, kOut) / kOut, tile_columns = round_up(c.out_width, kOut) / kOut;
  const int64_t per_image = tile_rows * tile_columns, tiles = (end - first) * per_image;
  const int64_t rows = round_up(c.in_channels, kChunk), columns = round_up(c.out_channels, B::kPanel);
  const int64_t v_stride = rows * kTiles + 16, w_stride = columns * kTiles + 16, m_stride = rows * columns + 16;
  const Scratch scratch(kPlaces * (v_stride + w_stride + m_stride) + std::max(rows, columns));
  float* const v = scratch.get();
  float* const w = v + kPlaces * v_stride;
  float* const m = w + kPlaces * w_stride;
  float* const zeros = m + kPlaces * m_stride;
  std::fill(v, zeros + std::max(rows, columns), 0.0f);
  Cells<kSide, kOpen> x_cells;
  Cells<kOut, kGate> dy_cells;
  for (int64_t start = 0; start < tiles; start += kTiles) {
    const int64_t count = std::min<int64_t>(kTiles, tiles - start);
    for (int64_t i = 0; i < count; i++) {
      const int64_t image = first + (start + i) / per_image, tile = (start + i) % per_image;
      const int64_t top = tile / tile_columns * kOut, left = tile % tile_columns * kOut;
      x_cells.find(x, nullptr, image, top - c.pad_top, left - c.pad_left, c.in_height, c.in_width, c.in_channels,
                   zeros);
      dy_cells.find(dy, gate, image, top, left, c.out_height, c.out_width, c.out_channels, zeros);
      for (int64_t channel = 0; channel < c.in_channels; channel += kLanes) {
        float* target = v + channel / kChunk * kTiles * kChunk + i * kChunk + channel % kChunk;
        const int64_t left_over = c.in_channels - channel;
        if (left_over >= kLanes) {
          transform_tile<kLanes, true>(x_cells, channel, kLanes, target, v_stride);
        } else {
          transform_tile<kLanes, false>(x_cells, channel, left_over, target, v_stride);
        }
      }
      for (int64_t channel = 0; channel < c.out_channels; channel += kLanes) {
        float* target = w + channel / B::kPanel * kTiles * B::kPanel + i * B::kPanel + channel % B::kPanel;
        const int64_t left_over = c.out_channels - channel;
        if (left_over >= kLanes) {
          transform_gradient<kLanes, true>(dy_cells, channel, kLanes, target, w_stride);
        } else {
          transform_gradient<kLanes, false>(dy_cells, channel, left_over, target, w_stride);
        }
      }
    }
    for (int place = 0; place < kPlaces; place++) {
      for (int64_t column = 0; column < columns; column += B::kPanel) {
        const float* right = w + place * w_stride + column * kTiles;
        for (int64_t row = 0; row < rows; row += kRows) {
          const float* left = v + place * v_stride + row / kChunk * kTiles * kChunk + row % kChunk;
          float* sums = m + place * m_stride + row * columns + column;
          multiply_tiles<kLanes, kRows>(left, right, count, sums, columns, start > 0);
        }
      }
    }
  }
  for (int64_t k = 0; k < c.in_channels; k++) {
    for (int64_t n = 0; n < columns; n += kLanes) {
      V column_in[kSide], t[3 * kSide], row_out[3];
#pragma GCC unroll 6
      for (int column = 0; column < kSide; column++) {
#pragma GCC unroll 6
        for (int row = 0; row < kSide; row++) {
          column_in[row] = load<kLanes>(m + (row * kSide + column) * m_stride + k * columns + n);
        }
        Minimal::taps(column_in, 1, t + column, kSide);
      }
#pragma GCC unroll 3
      for (int row = 0; row < 3; row++) {
        Minimal::taps(t + row * kSide, 1, row_out, 1);
        for (int column = 0; column < 3; column++) {
          store<kLanes>(dw + ((row * 3 + column) * c.in_channels + k) * columns + n, row_out[column]);
        }
      }
    }
  }
}

#define COMPILED(suffix, target, lanes)                                                                              \
  target inline void filter_gradient_##suffix(const Convolution& c, const float* x, const float* dy, Gate kind,      \
                                              const void* gate, float* dw, int64_t first, int64_t end) {             \
    if (kind == kOpen) filter_gradient<lanes, kOpen>(c, x, dy, gate, dw, first, end);                                \
    else if (kind == kMask) filter_gradient<lanes, kMask>(c, x, dy, gate, dw, first, end);                           \
    else filter_gradient<lanes, kWinners>(c, x, dy, gate, dw, first, end);                                           \
  }
COMPILED(plain, , 4)
COMPILED(avx2, WITH_AVX2, 8)
COMPILED(avx512, WITH_AVX512, 16)
#undef COMPILED

// dw [3, 3, in_channels, out_channels] of x and of what the gate lets through of dy.
inline void winograd_filter_gradient(const Convolution& c, const float* x, const float* dy, Gate kind, const void* gate,
                                     float* dw) {
  const int lanes = vector_floats();
  auto* const work = lanes == 16 ? filter_gradient_avx512 : lanes == 8 ? filter_gradient_avx2 : filter_gradient_plain;
  const int64_t columns = round_up(c.out_channels, 2 * lanes), size = 9 * c.in_channels * columns;
  const int64_t groups = (c.batch + kGroup - 1) / kGroup;
  const Scratch parts(groups * size);
  share(groups, c.batch * c.out_image() * c.in_channels / 8, [&](int64_t first, int64_t end) {
    for (int64_t group = first; group < end; group++) {
      const int64_t image = group * kGroup;
      work(c, x, dy, kind, gate, parts.get() + group * size, image, std::min(c.batch, image + kGroup));
    }
  });
  for (int64_t row = 0; row < 9 * c.in_channels; row++) {
    float* to = dw + row * c.out_channels;
    std::fill(to, to + c.out_channels, 0.0f);
    for (int64_t group = 0; group < groups; group++) {
      const float* from = parts.get() + group * size + row * columns;
      for (int64_t n = 0; n < c.out_channels; n++) to[n] += from[n];
    }
  }
}

}  // namespace parapet
