module.exports = { ...require('../../jest.preset.js'), displayName: 'opa-keeper' };
