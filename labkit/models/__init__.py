"""Models: flax modules whose arithmetic is done by the kernels, each with its configuration."""

from __future__ import annotations

from labkit.models.bert import Bert, BertConfig
from labkit.models.cnn import CNN, CNNConfig, Stage
from labkit.models.crf import CRF, TagScores
from labkit.models.factors import Factors, PairFactors
from labkit.models.gan import Discriminator, GANConfig, Generator, draw_images
from labkit.models.generate import generate
from labkit.models.item_knn import ItemKNN
from labkit.models.item_regression import ItemRegression
from labkit.models.layers import Activation, Conv, Dense, Embedding, Flatten, MaxPool
from labkit.models.lexicon import DirectionLexicon
from labkit.models.lora import Adapted, merge_lora, with_lora
from labkit.models.mlp import MLP, MLPConfig
from labkit.models.nearest import InvertedLists, nearest
from labkit.models.norms import BatchNorm, LayerNorm
from labkit.models.predict import in_evaluation_mode, predict
from labkit.models.pretrained import SentenceEncoder, load_bert, minilm_folder
from labkit.models.recurrent import GRU, LSTM, Bidirectional, RecurrentConfig, RecurrentNet
from labkit.models.resnet import ResNet, ResNetConfig, SeparableConv
from labkit.models.resnet9 import ResNet9, ResNet9Config
from labkit.models.signals import SignalCNN, SignalConfig, SignalLSTM
from labkit.models.successors import Successors
from labkit.models.summary import LayerSummary, Summary, summary
from labkit.models.tagger import EncoderTagger, Tagger, TaggerConfig
from labkit.models.tagging import best_tags, padded_length
from labkit.models.transfer import TextClassifier, part, with_head
from labkit.models.transformer import Block, Transformer, TransformerConfig
from labkit.models.trees import Leaf, Trees, TreesConfig
from labkit.models.two_tower import TwoTower
from labkit.models.vae import (
    VAE,
    VAEConfig,
    VAEOutput,
    code_price,
    negative_elbo,
    pixel_surprise,
)
from labkit.models.vit import ViT, ViTConfig, patches
from labkit.models.word_space import WordSpace

__all__ = [
    "CNN",
    "CRF",
    "GRU",
    "LSTM",
    "MLP",
    "VAE",
    "Activation",
    "Adapted",
    "BatchNorm",
    "Bert",
    "BertConfig",
    "Bidirectional",
    "Block",
    "CNNConfig",
    "Conv",
    "Dense",
    "DirectionLexicon",
    "Discriminator",
    "Embedding",
    "EncoderTagger",
    "Factors",
    "Flatten",
    "GANConfig",
    "Generator",
    "InvertedLists",
    "ItemKNN",
    "ItemRegression",
    "LayerNorm",
    "LayerSummary",
    "Leaf",
    "MLPConfig",
    "MaxPool",
    "PairFactors",
    "RecurrentConfig",
    "RecurrentNet",
    "ResNet",
    "ResNet9",
    "ResNet9Config",
    "ResNetConfig",
    "SentenceEncoder",
    "SeparableConv",
    "SignalCNN",
    "SignalConfig",
    "SignalLSTM",
    "Stage",
    "Successors",
    "Summary",
    "TagScores",
    "Tagger",
    "TaggerConfig",
    "TextClassifier",
    "Transformer",
    "TransformerConfig",
    "Trees",
    "TreesConfig",
    "TwoTower",
    "VAEConfig",
    "VAEOutput",
    "ViT",
    "ViTConfig",
    "WordSpace",
    "best_tags",
    "code_price",
    "draw_images",
    "generate",
    "in_evaluation_mode",
    "load_bert",
    "merge_lora",
    "minilm_folder",
    "nearest",
    "negative_elbo",
    "padded_length",
    "part",
    "patches",
    "pixel_surprise",
    "predict",
    "summary",
    "with_head",
    "with_lora",
]
