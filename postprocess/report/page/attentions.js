// How attentions are drawn, by their arrays: in the colours of figures.
const attentionStyles = {
  attn: {name: 'attention', colour: 'var(--text)', dash: ''},
  attn_rgb: {name: 'of RGB', colour: 'var(--red)', dash: '6 3'},
  attn_flow: {name: 'of flow', colour: 'var(--green)', dash: '2 3'},
};

// Those that `values` have, in that order.
function knownAttentions(values) {
  return Object.keys(attentionStyles).filter((name) => values[name]);
}
