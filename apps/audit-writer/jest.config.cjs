module.exports = { ...require('../../jest.preset.js'), displayName: 'audit-writer' };
