// Ops of ours for TensorFlow on the processor, where its own are slow; `native-kernels.ts` calls them by name.
// An addon of Node that is loaded after the binding: loading it registers the ops through TensorFlow's C interface.
// Images are float32 [batch, height, width, channels], contiguous. Every image is the work of one thread, in a fixed
// order, so results do not depend on the number of threads.
#include <string>

#include "native-first-layer.h"
#include "native-pool.h"
#include "native-sum.h"
#include "native-winograd-filter.h"
#include "tensorflow/c/kernels.h"
#include "tensorflow/c/ops.h"
#include "tensorflow/c/tf_tensor.h"

using namespace parapet;

namespace {

// The settings of a kernel: an attribute of whole numbers in the order of the struct's fields.
template <typename Settings>
void* read_settings(TF_OpKernelConstruction* construction) {
  auto* settings = new Settings();
  TF_Status* status = TF_NewStatus();
  TF_OpKernelConstruction_GetAttrInt32List(construction, Settings::kAttribute, reinterpret_cast<int32_t*>(settings),
                                           sizeof(Settings) / sizeof(int32_t), status);
  if (TF_GetCode(status) != TF_OK) TF_OpKernelConstruction_Failure(construction, status);
  TF_DeleteStatus(status);
  return settings;
}

template <typename Settings>
void delete_settings(void* settings) {
  delete static_cast<Settings*>(settings);
}

// The inputs of a call and its output, released at the end.
class Call {
 public:
  explicit Call(TF_OpKernelContext* context) : context_(context), status_(TF_NewStatus()) {}
  ~Call() {
    if (TF_GetCode(status_) != TF_OK) TF_OpKernelContext_Failure(context_, status_);
    for (TF_Tensor* tensor : tensors_) TF_DeleteTensor(tensor);
    TF_DeleteStatus(status_);
  }
  // Null, and the call fails, unless the input has four dimensions, or the one that is wanted.
  const float* input(int index, Shape* shape, int dimensions = 4) {
    TF_Tensor* tensor = nullptr;
    TF_GetInput(context_, index, &tensor, status_);
    if (TF_GetCode(status_) != TF_OK) return nullptr;
    tensors_.push_back(tensor);
    if (TF_NumDims(tensor) != dimensions) {
      TF_SetStatus(status_, TF_INVALID_ARGUMENT, "an input has not as many dimensions as it should");
      return nullptr;
    }
    if (dimensions == 1) *shape = {1, 1, 1, TF_Dim(tensor, 0)};
    else *shape = {TF_Dim(tensor, 0), TF_Dim(tensor, 1), TF_Dim(tensor, 2), TF_Dim(tensor, 3)};
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

// dx of dy and x.
void max_pool_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = *static_cast<Geometry*>(kernel);
  Call call(context);
  Shape in, out;
  const float* dy = call.input(0, &out);
  const float* x = call.input(1, &in);
  if (dy == nullptr || x == nullptr) return;
  if (in.batch != out.batch || in.channels != out.channels) return call.refuse("dy and x do not fit each other");
  if (float* dx = call.output(in)) max_pool_gradient(g, in, out, dy, x, dx);
}

bool is_first_layer(const Shape& filter, const Geometry& g) {
  return filter.batch == g.window_height && filter.height == g.window_width &&
         filter.batch * filter.height * filter.width <= kMostTaps;
}

// y = relu(x ∗ filter + bias) of x, filter and bias.
void first_layer_forward(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = *static_cast<Geometry*>(kernel);
  Call call(context);
  Shape in, filter, bias;
  const float* x = call.input(0, &in);
  const float* weights = call.input(1, &filter);
  const float* shift = call.input(2, &bias, 1);
  if (x == nullptr || weights == nullptr || shift == nullptr) return;
  if (!is_first_layer(filter, g) || filter.width != in.channels || filter.channels != bias.channels) {
    return call.refuse("the filter has over 32 taps or does not fit x or the bias");
  }
  const Shape out = {in.batch, g.out_height, g.out_width, filter.channels};
  if (float* y = call.output(out)) first_layer(g, in, out, x, weights, shift, y);
}

// dx of dy and filter, and of a mask where there is one.
template <bool kMasked>
void first_layer_grad(void* kernel, TF_OpKernelContext* context) {
  const Geometry& g = *static_cast<Geometry*>(kernel);
  Call call(context);
  Shape out, filter, mask;
  const float* dy = call.input(0, &out);
  const float* weights = call.input(1, &filter);
  const float* y = kMasked ? call.input(2, &mask) : nullptr;
  if (dy == nullptr || weights == nullptr || (kMasked && y == nullptr)) return;
  if (!is_first_layer(filter, g) || filter.channels != out.channels) {
    return call.refuse("the filter has over 32 taps or does not fit dy");
  }
  if (kMasked && !(mask == out)) return call.refuse("the mask does not fit dy");
  const Shape in = {out.batch, g.in_height, g.in_width, filter.width};
  if (float* dx = call.output(in)) first_layer_gradient(g, in, out, dy, y, weights, dx);
}

struct Conv3x3Settings {
  static constexpr const char* kAttribute = "settings";
  int32_t pad_top, pad_left, out_height, out_width;
  int32_t turned;  // whether the filter is [3, 3, out, in], turned by 180°, as in an input gradient
  int32_t relu;    // whether negative outputs become 0
  int32_t third;   // what the third input is
};
enum Third { kNothing, kBias, kMask };

// y of x, filter and the third input.
void conv_3x3(void* kernel, TF_OpKernelContext* context) {
  const Conv3x3Settings& s = *static_cast<Conv3x3Settings*>(kernel);
  Call call(context);
  Shape in, filter, third;
  const float* x = call.input(0, &in);
  const float* weights = call.input(1, &filter);
  const float* other = call.input(2, &third, s.third == kBias ? 1 : 4);
  if (x == nullptr || weights == nullptr || other == nullptr) return;
  const int64_t channels = s.turned ? filter.width : filter.channels;
  if (filter.batch != 3 || filter.height != 3 || (s.turned ? filter.channels : filter.width) != in.channels) {
    return call.refuse("the filter is not of 3×3 or does not fit x");
  }
  if (s.third == kBias && third.channels != channels) return call.refuse("the bias does not fit the filter");
  if (s.third == kMask && !(third == in)) return call.refuse("the mask does not fit x");
  const Shape out = {in.batch, s.out_height, s.out_width, channels};
  float* y = call.output(out);
  if (y == nullptr) return;
  const Convolution convolution = {in.batch, in.height, in.width,  in.channels, out.height,    out.width,
                                   channels, s.pad_top, s.pad_left, s.turned != 0, s.relu != 0};
  winograd(convolution, x, s.third == kMask ? other : nullptr, weights, s.third == kBias ? other : nullptr, y);
}

struct FilterGradSettings {
  static constexpr const char* kAttribute = "settings";
  int32_t pad_top, pad_left;
  int32_t masked;  // whether the third input is a mask, not something that takes its place
};

// dw of x, dy and mask.
void conv_3x3_filter_grad(void* kernel, TF_OpKernelContext* context) {
  const FilterGradSettings& s = *static_cast<FilterGradSettings*>(kernel);
  Call call(context);
  Shape in, out, mask;
  const float* x = call.input(0, &in);
  const float* dy = call.input(1, &out);
  const float* y = call.input(2, &mask);
  if (x == nullptr || dy == nullptr || y == nullptr) return;
  if (in.batch != out.batch) return call.refuse("x and dy do not fit each other");
  if (s.masked && !(mask == out)) return call.refuse("the mask does not fit dy");
  float* dw = call.output({3, 3, in.channels, out.channels});
  if (dw == nullptr) return;
  const Convolution convolution = {in.batch, in.height,    in.width,  in.channels, out.height, out.width,
                                   out.channels, s.pad_top, s.pad_left, false,       false};
  winograd_filter_gradient(convolution, x, dy, s.masked ? y : nullptr, dw);
}

struct NoSettings {
  static constexpr const char* kAttribute = "settings";
  int32_t none;
};

// The sum of each channel of dy where mask > 0, [1, 1, 1, channels].
void bias_grad(void*, TF_OpKernelContext* context) {
  Call call(context);
  Shape shape, mask;
  const float* dy = call.input(0, &shape);
  const float* y = call.input(1, &mask);
  if (dy == nullptr || y == nullptr) return;
  if (!(mask == shape)) return call.refuse("the mask does not fit dy");
  if (float* sums = call.output({1, 1, 1, shape.channels})) masked_sum(shape, dy, y, sums);
}

template <typename Settings>
void register_op(const char* name, std::initializer_list<const char*> inputs,
                 void (*compute)(void*, TF_OpKernelContext*)) {
  TF_Status* status = TF_NewStatus();
  TF_OpDefinitionBuilder* op = TF_NewOpDefinitionBuilder(name);
  for (const char* input : inputs) TF_OpDefinitionBuilderAddInput(op, input);
  TF_OpDefinitionBuilderAddOutput(op, "result: float");
  TF_OpDefinitionBuilderAddAttr(op, (std::string(Settings::kAttribute) + ": list(int)").c_str());
  TF_OpDefinitionBuilderSetShapeInferenceFunction(op, &TF_ShapeInferenceContextSetUnknownShape);
  TF_RegisterOpDefinition(op, status);
  auto* builder = TF_NewKernelBuilder(name, "CPU", &read_settings<Settings>, compute, &delete_settings<Settings>);
  TF_RegisterKernelBuilder(name, builder, status);
  TF_DeleteStatus(status);
}

}  // namespace

extern "C" void* napi_register_module_v1(void*, void* exports) {
  register_op<Geometry>("ParapetMaxPoolGrad", {"dy: float", "x: float"}, &max_pool_grad);
  register_op<Geometry>("ParapetConvRelu", {"x: float", "filter: float", "bias: float"}, &first_layer_forward);
  register_op<Geometry>("ParapetConvInputGrad", {"dy: float", "filter: float"}, &first_layer_grad<false>);
  register_op<Geometry>("ParapetConvReluInputGrad", {"dy: float", "filter: float", "mask: float"},
                        &first_layer_grad<true>);
  register_op<Conv3x3Settings>("ParapetConv3x3", {"x: float", "filter: float", "third: float"}, &conv_3x3);
  register_op<FilterGradSettings>("ParapetConv3x3FilterGrad", {"x: float", "dy: float", "mask: float"},
                                  &conv_3x3_filter_grad);
  register_op<NoSettings>("ParapetBiasGrad", {"dy: float", "mask: float"}, &bias_grad);
  return exports;
}
