// Ops of ours for TensorFlow on the processor, where its own are slow; `native-kernels.ts` calls them by name.
// An addon of Node that is loaded after the binding: loading it registers the ops through TensorFlow's C interface.
// Images are float32 [batch, height, width, channels], contiguous. Every image is the work of one thread, in a fixed
// order, so results do not depend on the number of threads.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <thread>
#include <vector>

#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

// The work is written once and compiled twice: for processors with AVX2 and FMA, and for all others.
#define INLINE __attribute__((always_inline)) inline
#define WITH_AVX2 __attribute__((target("avx2,fma")))

namespace {

// Window or filter, strides and padding, as the attribute `geometry` lists them.
struct Geometry {
  int32_t window_height, window_width, stride_height, stride_width, pad_top, pad_left, in_height, in_width;
};
constexpr int kGeometryLength = sizeof(Geometry) / sizeof(int32_t);

struct Shape {
  int64_t batch, height, width, channels;
  int64_t image() const { return height * width * channels; }
};

int64_t thread_count() {
  const char* wanted = std::getenv("TF_NUM_INTRAOP_THREADS");
  const int64_t threads = wanted == nullptr ? 0 : std::atoll(wanted);
  return threads > 0 ? threads : std::max(1u, std::thread::hardware_concurrency());
}

// Calls work(first, end) for ranges of images, each range on a thread of its own.
template <typename Work>
void share_images(int64_t batch, int64_t floats, const Work& work) {
  // Below some tens of thousands of values starting a thread costs more than it saves.
  const int64_t threads = std::min({batch, thread_count(), std::max<int64_t>(1, floats >> 16)});
  std::vector<std::thread> others;
  for (int64_t i = 1; i < threads; i++) others.emplace_back(work, batch * i / threads, batch * (i + 1) / threads);
  work(0, batch / threads);
  for (auto& other : others) other.join();
}

// Gradient of max-pooling for some images: dy of each window goes to the first of its largest cells, in reading order.
INLINE void scatter_to_winners(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* x, float* dx,
                        int64_t first, int64_t end) {
  const int64_t channels = in.channels;
  std::vector<float> largest(channels);
  std::vector<int32_t> winner(channels);
  std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      for (int64_t column = 0; column < out.width; column++) {
        const int64_t top = row * g.stride_height - g.pad_top, left = column * g.stride_width - g.pad_left;
        const int64_t top_in = std::max<int64_t>(0, top), bottom_in = std::min(in.height, top + g.window_height);
        const int64_t left_in = std::max<int64_t>(0, left), right_in = std::min(in.width, left + g.window_width);
        const float* source = dy + ((image * out.height + row) * out.width + column) * channels;
        std::fill(largest.begin(), largest.end(), -std::numeric_limits<float>::infinity());
        std::fill(winner.begin(), winner.end(), -1);
        float* best = largest.data();
        int32_t* who = winner.data();
        int32_t cell = 0;
        for (int64_t r = top_in; r < bottom_in; r++) {
          for (int64_t c = left_in; c < right_in; c++, cell++) {
            const float* value = x + ((image * in.height + r) * in.width + c) * channels;
            for (int64_t k = 0; k < channels; k++) {
              const bool larger = value[k] > best[k];
              best[k] = larger ? value[k] : best[k];
              who[k] = larger ? cell : who[k];
            }
          }
        }
        cell = 0;
        for (int64_t r = top_in; r < bottom_in; r++) {
          for (int64_t c = left_in; c < right_in; c++, cell++) {
            float* target = dx + ((image * in.height + r) * in.width + c) * channels;
            for (int64_t k = 0; k < channels; k++) target[k] += who[k] == cell ? source[k] : 0.0f;
          }
        }
      }
    }
  }
}

typedef float Vector __attribute__((vector_size(32), aligned(4)));

// What each place of `kPixels` neighbouring outputs sends to the kTaps inputs under the filter: dy · filterᵀ.
template <int kTaps, int kPixels>
INLINE void tap_sums(const float* dy, const float* filter, int64_t channels, float* sums) {
  Vector sum[kPixels][kTaps / 8] = {};
  for (int64_t k = 0; k < channels; k++) {
    for (int part = 0; part < kTaps / 8; part++) {
      const Vector weights = *reinterpret_cast<const Vector*>(filter + k * kTaps + part * 8);
      for (int pixel = 0; pixel < kPixels; pixel++) sum[pixel][part] += dy[pixel * channels + k] * weights;
    }
  }
  for (int pixel = 0; pixel < kPixels; pixel++) {
    for (int part = 0; part < kTaps / 8; part++) {
      *reinterpret_cast<Vector*>(sums + pixel * kTaps + part * 8) = sum[pixel][part];
    }
  }
}

template <int kTaps>
INLINE void spread(const Geometry& g, const Shape& in, const Shape& out, const float* dy,
                                                  const float* filter, float* dx, int64_t first, int64_t end) {
  constexpr int kPixels = 64 / kTaps;
  float sums[64];
  std::fill(dx + first * in.image(), dx + end * in.image(), 0.0f);
  for (int64_t image = first; image < end; image++) {
    for (int64_t row = 0; row < out.height; row++) {
      const float* line = dy + (image * out.height + row) * out.width * out.channels;
      for (int64_t column = 0; column < out.width; column += kPixels) {
        const int64_t pixels = std::min<int64_t>(kPixels, out.width - column);
        if (pixels == kPixels) {
          tap_sums<kTaps, kPixels>(line + column * out.channels, filter, out.channels, sums);
        } else {
          for (int64_t i = 0; i < pixels; i++) {
            tap_sums<kTaps, 1>(line + (column + i) * out.channels, filter, out.channels, sums + i * kTaps);
          }
        }
        for (int64_t i = 0; i < pixels; i++) {
          const int64_t top = row * g.stride_height - g.pad_top, left = (column + i) * g.stride_width - g.pad_left;
          const int64_t from = std::max<int64_t>(0, -left), to = std::min<int64_t>(g.window_width, in.width - left);
          for (int64_t r = 0; r < g.window_height; r++) {
            if (top + r < 0 || top + r >= in.height) continue;
            float* target = dx + ((image * in.height + top + r) * in.width + left) * in.channels;
            const float* taps = sums + i * kTaps + r * g.window_width * in.channels;
            for (int64_t t = from * in.channels; t < to * in.channels; t++) target[t] += taps[t];
          }
        }
      }
    }
  }
}

// One range of images: what share_images calls.
using Work = void(const Geometry&, const Shape& in, const Shape& out, const float* dy, const float* other, float* dx,
                  int64_t first, int64_t end);
#define TWICE(name, function)                                                                                      \
  void name##_plain(const Geometry& g, const Shape& in, const Shape& out, const float* dy, const float* other,     \
                    float* dx, int64_t first, int64_t end) {                                                       \
    function(g, in, out, dy, other, dx, first, end);                                                               \
  }                                                                                                                \
  WITH_AVX2 void name##_avx2(const Geometry& g, const Shape& in, const Shape& out, const float* dy,                \
                             const float* other, float* dx, int64_t first, int64_t end) {                          \
    function(g, in, out, dy, other, dx, first, end);                                                               \
  }                                                                                                                \
  Work* const name = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? name##_avx2 : name##_plain;

TWICE(pool_work, scatter_to_winners)
TWICE(spread16, spread<16>)
TWICE(spread32, spread<32>)

void* read_geometry(TF_OpKernelConstruction* construction) {
  auto* geometry = new Geometry();
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32List(construction, "geometry", reinterpret_cast<int32_t*>(geometry),
                                           kGeometryLength, status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return geometry;
}

void delete_geometry(void* geometry) { delete static_cast<Geometry*>(geometry); }

// The inputs of a call and its output, released at the end.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  // Null, and the call fails, unless the input has four dimensions.
  const float* input(int index, Shape* shape) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    tensors_.push_back(tensor);
    if (TF_NumDims(tensor) != 4) {
      TF_SetStatus(status_, TF_INVALID_ARGUMENT, "an input has not four dimensions");
      return nullptr;
    }
    *shape = {TF_Dim(tensor, 0), TF_Dim(tensor, 1), TF_Dim(tensor, 2), TF_Dim(tensor, 3)};
    return static_cast<const float*>(TF_TensorData(tensor));
  }
  float* output(const Shape& shape) {
    const int64_t dimensions[] = {shape.batch, shape.height, shape.width, shape.channels};
    const size_t bytes = shape.batch * shape.image() * sizeof(float);
    TF_Tensor* tensor = TF_AllocateOutput(context_, 0, TF_FLOAT, dimensions, 4, bytes, status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    tensors_.push_back(tensor);
    return static_cast<float*>(TF_TensorData(tensor));
  }
  void refuse(const char* reason) { TF_SetStatus(status_, TF_INVALID_ARGUMENT, reason); }

 private:
  TF_OpKernelContext* context_;
  TF_Status* status_;
  std::vector<TF_Tensor*> tensors_;
};

void max_pool_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& geometry = *static_cast<Geometry*>(kernel);
  Call call(context);
  Shape in, out;
  const float* dy = call.input(0, &out);
  const float* x = call.input(1, &in);
  if (dy == nullptr || x == nullptr) return;
  if (in.batch != out.batch || in.channels != out.channels) return call.refuse("dy and x do not fit each other");
  float* dx = call.output(in);
  if (dx == nullptr) return;
  share_images(in.batch, in.batch * in.image(), [&](int64_t first, int64_t end) {
    pool_work(geometry, in, out, dy, x, dx, first, end);
  });
}

void conv_input_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = *static_cast<Geometry*>(kernel);
  Call call(context);
  Shape out, filter;
  const float* dy = call.input(0, &out);
  const float* weights = call.input(1, &filter);
  if (dy == nullptr || weights == nullptr) return;
  const int64_t taps = filter.batch * filter.height * filter.width;
  if (taps > 32 || filter.channels != out.channels) return call.refuse("the filter has over 32 taps or does not fit dy");
  const Shape in = {out.batch, g.in_height, g.in_width, filter.width};
  float* dx = call.output(in);
  if (dx == nullptr) return;
  const int64_t row = taps > 16 ? 32 : 16;
  std::vector<float> transposed(filter.channels * row);
  for (int64_t k = 0; k < filter.channels; k++) {
    for (int64_t t = 0; t < taps; t++) transposed[k * row + t] = weights[t * filter.channels + k];
  }
  Work* const work = taps > 16 ? spread32 : spread16;
  share_images(in.batch, out.batch * out.image(), [&](int64_t first, int64_t end) {
    work(g, in, out, dy, transposed.data(), dx, first, end);
  });
}

void register_op(const char* name, const char* second, void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  TF_OpDefinitionBuilderAddInput(op, "dy: float");
  TF_OpDefinitionBuilderAddInput(op, second);
  TF_OpDefinitionBuilderAddOutput(op, "dx: float");
  TF_OpDefinitionBuilderAddAttr(op, "geometry: list(int)");
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(op, status);
  TF_RegisterKernelBuilder(name, TF_NewKernelBuilder(name, "CPU", &read_geometry, compute, &delete_geometry), status);
  TF_DeleteStatus(status);
}

}  // namespace

extern "C" void* napi_register_module_v1(void*, void* exports) {
  register_op("ParapetMaxPoolGrad", "x: float", &max_pool_grad);
  register_op("ParapetConvInputGrad", "filter: float", &conv_input_grad);
  return exports;
}
