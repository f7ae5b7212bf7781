module.exports = { ...require('../../jest.preset.js'), displayName: 'db-data' };
