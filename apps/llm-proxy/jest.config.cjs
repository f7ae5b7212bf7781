module.exports = { ...require('../../jest.preset.js'), displayName: 'llm-proxy' };
