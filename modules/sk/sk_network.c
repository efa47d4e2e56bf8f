/*
 * sk_network.c: perceptrons of several layers.
 *
 * Arrays of its own: int32 activation of the hidden layers, activation of the last one, size of each layer from the
 * columns to the outputs; double weights of each layer after the first, rows for what comes in; double biases of these.
 */
#include "postgres.h"

#include <math.h>

#include "miscadmin.h"
#include "sk.h"

typedef struct Network
{
	int			hidden;
	int			last;
	int			layers;
	const int32 *sizes;
	const double *weights;
	const double *biases;
	double	   *from;			/* two rows of the widest layer */
	double	   *to;
} Network;

/* Checks that the activations fit the task. */
static void
check_activations(const Sk *sk, const Network *network)
{
	bool		is_binary = sk->classes == 2;

	if (network->hidden < ACTIVATION_IDENTITY || network->hidden > ACTIVATION_RELU)
		model_damaged("its activation is not known");
	if (sk->task == TASK_REGRESSION)
	{
		if (network->last != ACTIVATION_IDENTITY && network->last != ACTIVATION_EXP)
			model_damaged("its last activation is not that of a regression");
	}
	else if (sk->task != TASK_CLASSIFICATION)
		model_damaged("a network has neither clusters nor components");
	else if (network->last != (is_binary ? ACTIVATION_LOGISTIC : ACTIVATION_SOFTMAX) ||
			 sk->outputs != (is_binary ? 1 : sk->classes))
		model_damaged("its last layer does not fit its classes");
}

/* Checks that the arrays hold what the layers need, and no more; returns the size of the widest layer. */
static int
check_layers(const Sk *sk, const Network *network)
{
	const Array *arrays = sk->model->arrays;
	int64		weights = 0;
	int64		biases = 0;
	int			widest = 1;

	if (network->sizes[0] != sk->columns || network->sizes[network->layers - 1] != sk->outputs)
		model_damaged("its first or last layer has a wrong size");
	for (int l = 1; l < network->layers; l++)
	{
		biases += network->sizes[l];
		if (network->sizes[l] < 1 || biases > arrays[SK_OWN + 2].count)
			model_damaged("a layer has a wrong size");
		weights += (int64) network->sizes[l - 1] * network->sizes[l];
		if (weights > arrays[SK_OWN + 1].count)
			model_damaged("it has too few weights");
		widest = Max(widest, network->sizes[l]);
	}
	if (weights != arrays[SK_OWN + 1].count || biases != arrays[SK_OWN + 2].count)
		model_damaged("it has more weights than its layers");
	return widest;
}

static void
check_network(Sk *sk)
{
	Network    *network = palloc0(sizeof(Network));
	const int32 *integers = model_integers(sk->model, SK_OWN, -1);
	int			widest;

	if (sk->model->arrays[SK_OWN].count < 4)
		model_damaged("it has too few layers");
	network->hidden = integers[0];
	network->last = integers[1];
	network->sizes = integers + 2;
	network->layers = sk->model->arrays[SK_OWN].count - 2;
	network->weights = model_doubles(sk->model, SK_OWN + 1, -1);
	network->biases = model_doubles(sk->model, SK_OWN + 2, -1);
	widest = check_layers(sk, network);
	check_activations(sk, network);
	network->from = palloc(widest * sizeof(double));
	network->to = palloc(widest * sizeof(double));
	sk->has_probabilities = sk->task == TASK_CLASSIFICATION;
	sk->own = network;
}

static void
activate(double *values, int count, int activation)
{
	if (activation == ACTIVATION_SOFTMAX)
		sk_softmax(values, count);
	for (int o = 0; o < count; o++)
		switch (activation)
		{
			case ACTIVATION_LOGISTIC:
				values[o] = sk_sigmoid(values[o]);
				break;
			case ACTIVATION_TANH:
				values[o] = tanh(values[o]);
				break;
			case ACTIVATION_RELU:
				values[o] = values[o] < 0 ? 0 : values[o];
				break;
			case ACTIVATION_EXP:
				values[o] = exp(values[o]);
				break;
		}
}

/* Computes the outputs of one layer. */
static void
forward(const double *in, int inputs, const double *weights, const double *biases, double *out, int outputs)
{
	CHECK_FOR_INTERRUPTS();
	memset(out, 0, outputs * sizeof(double));
	for (int i = 0; i < inputs; i++)
		for (int o = 0; o < outputs; o++)
			out[o] += in[i] * weights[(Size) i * outputs + o];
	for (int o = 0; o < outputs; o++)
		out[o] += biases[o];
}

static int
score_network(Sk *sk, const double *x, SkWanted wanted)
{
	Network    *network = sk->own;
	const double *in = x;
	const double *weights = network->weights;
	const double *biases = network->biases;

	for (int l = 1; l < network->layers; l++)
	{
		int			inputs = network->sizes[l - 1];
		int			outputs = network->sizes[l];
		bool		is_last = l == network->layers - 1;
		double	   *out = is_last ? sk->values : l % 2 ? network->to : network->from;

		forward(in, inputs, weights, biases, out, outputs);
		activate(out, outputs, is_last ? network->last : network->hidden);
		weights += (Size) inputs * outputs;
		biases += outputs;
		in = out;
	}
	if (sk->task != TASK_CLASSIFICATION)
		return 0;
	if (sk->classes > 2)
	{
		memcpy(sk->probabilities, sk->values, sk->classes * sizeof(double));
		return sk_largest(sk->values, sk->classes);
	}
	sk->probabilities[1] = sk->values[0];
	sk->probabilities[0] = 1 - sk->values[0];
	return sk->values[0] > 0.5;
}

const SkKind sk_network = {KIND_NETWORK, check_network, score_network};
